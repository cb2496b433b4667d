using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>
/// Sessions in which a tenant's databases, schemas and roles are made and unmade. The session itself holds the
/// tenant's lock, and the lease is checked after the lock is taken. A statement that outlives its killed worker
/// keeps the lock until it ends, and a worker that wakes up late finds its lease lost: so nothing is ever made
/// after it was unmade. Thread-safe.
/// </summary>
internal sealed class FencedSessions(DatabaseServers servers, LeasedTransactions leases)
{
    /// <exception cref="LeaseLostException">The lease went to another while this attempt waited.</exception>
    public async Task<ServerSession> OpenAsync(StepContext context, string server, string database, CancellationToken cancellationToken)
    {
        var session = await servers.OpenAsync(server, database, cancellationToken);
        try
        {
            await session.ExecuteAsync(
                "select pg_advisory_lock(hashtextextended(@Tenant, 1))", cancellationToken, new { Tenant = context.TenantId.ToString() });
            await using (await leases.BeginAsync(context.Lease, cancellationToken))
                return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }
}
