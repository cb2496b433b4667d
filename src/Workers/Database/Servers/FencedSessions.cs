using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>
/// Opens sessions that create and drop a tenant's databases, schemas and roles. The session itself holds the tenant's lock, and the
/// lease is checked after the lock is taken. A statement that outlives its killed worker keeps the lock until it ends, and a worker
/// that wakes up late finds that it has lost its lease. So nothing is ever created after it was dropped. Thread-safe.
/// </summary>
internal sealed class FencedSessions(DatabaseServers servers, LeasedTransactions leases)
{
    /// <summary>Waits until no other attempt has a session in the database. What it committed can be seen afterwards, and it commits nothing more.</summary>
    /// <exception cref="LeaseLostException">Another attempt took the lease while this one waited.</exception>
    public async Task WaitAsync(StepContext context, string server, string database, CancellationToken cancellationToken) =>
        await (await OpenAsync(context, server, database, cancellationToken)).DisposeAsync();

    /// <exception cref="LeaseLostException">Another attempt took the lease while this one waited.</exception>
    public Task<ServerSession> OpenAsync(StepContext context, string server, string database, CancellationToken cancellationToken) =>
        OpenAsync(context, context.TenantId.Value, server, database, cancellationToken);

    /// <summary>The same for an operation that belongs to no tenant.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="owner">Whose lock the session holds: a tenant, or the id that a thing bears.</param>
    /// <param name="server">The server.</param>
    /// <param name="database">The database.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="LeaseLostException">Another attempt took the lease while this one waited.</exception>
    public async Task<ServerSession> OpenAsync(StepContext context, Guid owner, string server, string database, CancellationToken cancellationToken)
    {
        var session = await servers.OpenAsync(server, database, cancellationToken);
        try
        {
            await session.ExecuteAsync(
                "select pg_advisory_lock(hashtextextended(@Tenant, 1))", cancellationToken, new { Tenant = owner.ToString() });
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
