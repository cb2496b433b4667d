using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Registry.Leases;

/// <summary>Leases in PostgreSQL: columns of the step's row. A session pins one connection.</summary>
public sealed class SqlLeaseStore(NpgsqlDataSource registry, RegistryClock? clock = null) : ILeaseStore
{
    private readonly RegistryClock clock = clock ?? new RegistryClock();

    public async Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(
        StepLease lease, TenantId? tenantId, TimeSpan span, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await LeaseRows.TakeAsync(connection, lease, tenantId, span, clock.Offset, cancellationToken);
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
            IReadOnlyList<StepLease> leases, IReadOnlyList<TenantId> tenantIds, TimeSpan span, CancellationToken cancellationToken)
        {
            try
            {
                return await LeaseRows.TakeAsync(await pinned.OpenAsync(cancellationToken), leases, tenantIds, span, clock.Offset, cancellationToken);
            }
            catch
            {
                await pinned.DisposeAsync();
                throw;
            }
        }

        public async Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyList<StepLease> leases, TimeSpan span, CancellationToken cancellationToken)
        {
            try
            {
                return await LeaseRows.RenewAsync(await pinned.OpenAsync(cancellationToken), leases, span, clock.Offset, cancellationToken);
            }
            catch
            {
                await pinned.DisposeAsync();
                throw;
            }
        }

        public async Task ReleaseAsync(IReadOnlyList<StepLease> leases, CancellationToken cancellationToken)
        {
            try
            {
                await LeaseRows.ReleaseAsync(await pinned.OpenAsync(cancellationToken), leases, cancellationToken);
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
