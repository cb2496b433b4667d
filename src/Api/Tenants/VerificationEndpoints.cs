using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.Problems;
using Saga.Contracts.Commands;

namespace Saga.Api.Tenants;

internal static class VerificationEndpoints
{
    public static void MapVerifications(this IEndpointRouteBuilder api) =>
        api.MapPost("/tenants/{idOrSlug}/verify", VerifyAsync).WithName("verifyTenant")
            .WithSummary("Verify a tenant")
            .WithDescription("Runs the verification of provisioning. The output of the operation's step lists every check, and why it failed. Nothing is changed.")
            .TakesCommand<VerifyRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState).MayBeScheduled();

    private static Task<IResult> VerifyAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<VerifyTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);
}
