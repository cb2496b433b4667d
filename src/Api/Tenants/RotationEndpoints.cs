using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.Problems;
using Saga.Contracts.Commands;

namespace Saga.Api.Tenants;

internal static class RotationEndpoints
{
    public static void MapRotations(this IEndpointRouteBuilder api) =>
        api.MapPost("/tenants/{idOrSlug}/rotate-credentials", RotateAsync).WithName("rotateCredentials")
            .WithSummary("Rotate a tenant's credentials")
            .WithDescription("Makes and tries new logins, shows them to product services, and bars the former ones after a while. A new key for sealed secrets takes effect at once.")
            .TakesCommand<RotateRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState).MayBeScheduled();

    private static Task<IResult> RotateAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<RotateCredentials> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);
}
