using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.Problems;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>Suspending a tenant and reactivating it.</summary>
internal static class SuspensionEndpoints
{
    public static void MapSuspension(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tenants/{idOrSlug}/suspend", SuspendAsync).WithName("suspendTenant")
            .WithSummary("Suspend a tenant")
            .WithDescription("The hold stands when the command is accepted, whatever else runs. The operation closes what is outside as soon as no other operation works on the tenant.")
            .TakesCommand<SuspendRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.AlreadySuspended).MayBeScheduled();
        api.MapPost("/tenants/{idOrSlug}/reactivate", ReactivateAsync).WithName("reactivateTenant")
            .WithSummary("Lift holds of a tenant")
            .WithDescription("What was closed is opened again and tested before the holds are lifted, unless another hold keeps the tenant closed.")
            .TakesCommand<ReactivateRequest, CommandPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.NotSuspended).MayBeScheduled();
    }

    private static Task<IResult> SuspendAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<SuspendTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static Task<IResult> ReactivateAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<ReactivateTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);
}
