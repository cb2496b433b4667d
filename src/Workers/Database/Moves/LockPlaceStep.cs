using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Makes the tenant read-only, for direct logins too, and returns when no older transaction of the tenant is left.</summary>
internal sealed class LockPlaceStep(MoveHold hold, DatabaseServers servers) : IStep
{
    public string Name => StepNames.LockPlace;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await hold.SetAsync(context, HoldEffect.ReadOnly, cancellationToken);
        await RequireNothingPreparedAsync(context, cancellationToken);
        return null;
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => hold.LiftAsync(context, cancellationToken);

    // A prepared transaction outlives its session, and may be committed whatever the place's mode is then.
    private async Task RequireNothingPreparedAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = DatabaseStep.PlacementOf(context.Tenant).Place;
        await using var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken);
        if (await session.ScalarAsync<string>(
            "select min(x.gid) from pg_prepared_xacts x join saga.logins l on l.login = x.owner where x.database = current_database() and l.tenant_id = @Value",
            cancellationToken, new { context.TenantId.Value }) is { } prepared)
        {
            throw StepFailureException.Permanent(
                "transaction-prepared", $"Tenant '{context.Tenant.Slug}' has the prepared transaction '{prepared}' in database '{place.Database}' on server '{place.Server}'. It could be committed after its rows were copied.",
                $"Run COMMIT PREPARED or ROLLBACK PREPARED '{prepared}' in that database, then send the command again.", DatabaseFailures.System(place.Server));
        }
    }
}
