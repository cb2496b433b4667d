using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Registry.Leases;

/// <summary>Leases in PostgreSQL: columns of the step's row. A session pins one connection.</summary>
public sealed class SqlLeaseStore(NpgsqlDataSource registry, RegistryClock clock) : ILeaseStore
{
    public async Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(
        LeaseRequest request, TenantId? tenantId, TimeSpan span, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var taken = await LeaseRows.TakeAsync(
            connection, [request], tenantId is { } id ? [id] : [], span, clock.Offset, skipsLocked: false, cancellationToken);
        var reply = taken.ByHolder.GetValueOrDefault(request.Lease.Holder) ?? new LeaseReply(LeaseAnswer.Stale, TimeSpan.Zero);
        if (reply.Outcome == LeaseAnswer.Taken && taken.Unreadable.Values.FirstOrDefault() is { } reason)
            throw new UnreadableTenantException(reason);
        return (reply, taken.Tenants.Values.FirstOrDefault());
    }

    public async Task<bool> HoldsAsync(StepLease lease, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await LeaseRows.HoldsAsync(connection, lease, clock.Offset, cancellationToken);
    }

    public ILeaseSession OpenSession(bool waitsForDisk) => new Session(new PinnedConnection(registry, waitsForDisk), clock);

    private sealed class Session(PinnedConnection pinned, RegistryClock clock) : ILeaseSession
    {
        public async Task<TakenLeases> TakeAsync(
            IReadOnlyList<LeaseRequest> requests, IReadOnlyList<TenantId> tenantIds, TimeSpan span, CancellationToken cancellationToken)
        {
            try
            {
                return await LeaseRows.TakeAsync(
                    await pinned.OpenAsync(cancellationToken), requests, tenantIds, span, clock.Offset, skipsLocked: true, cancellationToken);
            }
            catch
            {
                await pinned.DisposeAsync();
                throw;
            }
        }

        public async Task<RenewedLeases> RenewAsync(
            IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> reporting, TimeSpan span, TimeSpan patience, CancellationToken cancellationToken,
            IReadOnlyDictionary<StepLease, LeaseProgress>? progress = null)
        {
            try
            {
                return await LeaseRows.RenewAsync(await pinned.OpenAsync(cancellationToken), leases, reporting, progress, span, patience, clock.Offset, cancellationToken);
            }
            catch
            {
                await pinned.DisposeAsync();
                throw;
            }
        }

        public async Task<IReadOnlySet<Guid>> ReleaseAsync(IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> unreported, CancellationToken cancellationToken)
        {
            try
            {
                return await LeaseRows.ReleaseAsync(await pinned.OpenAsync(cancellationToken), leases, unreported, clock.Offset, cancellationToken);
            }
            catch
            {
                await pinned.DisposeAsync();
                throw;
            }
        }

        public ValueTask DisposeAsync() => pinned.DisposeAsync();
    }
}
