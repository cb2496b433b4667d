using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Transactions that a tenant has prepared. Thread-safe.</summary>
internal sealed class PreparedTransactions(DatabaseServers servers)
{
    /// <summary>
    /// Requires that there is none: it outlives its session, and may be committed whatever the place's mode is then.
    /// </summary>
    /// <exception cref="StepFailureException">There is one: <c>transaction-prepared</c>.</exception>
    public async Task RequireNoneAsync(StepContext context, CancellationToken cancellationToken)
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
