using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

internal static class MigrationEndpoints
{
    public static void MapMigrations(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tenants/{idOrSlug}/migrate", MigrateAsync).WithName("migrateTenant")
            .WithSummary("Migrate a tenant to another plan, isolation tier or server")
            .WithDescription("Accepts the command and returns the operation that runs it. What the body leaves out stays as it is.")
            .TakesCommand<MigrateRequest, MigratePlanView>(
                ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.PlanTooSmall, ProblemType.PlanChanged, ProblemType.NoServer, ProblemType.NoReplica, ProblemType.ServerFull, ProblemType.NotSupported);
        api.MapPost("/tenants/{idOrSlug}/migrate/revert", RevertAsync).WithName("revertMigration")
            .WithSummary("Route a tenant back to the place that its last move has left")
            .WithDescription("Possible while that place is kept. The operation compares the rows while nobody writes; if one was written since the move, it is undone.")
            .TakesCommand<RevertRequest, RevertPlanView>(ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.PlanTooSmall);
    }

    private static Task<IResult> MigrateAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<MigrateTenant> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(MigratePlanView.Of(preview)), cancellationToken);

    private static Task<IResult> RevertAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantCommands<RevertMove> commands, CancellationToken cancellationToken) =>
        commands.TakeAsync(
            request, idOrSlug, user, (command, tenant, key) => command with { TenantId = tenant, IdempotencyKey = key },
            preview => TypedResults.Ok(RevertPlanView.Of(preview)), cancellationToken);
}
