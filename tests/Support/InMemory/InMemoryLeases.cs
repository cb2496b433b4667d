using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryLeases(InMemoryRegistry registry) : ILeaseStore, ILeaseSession
{
    private static readonly TimeSpan OlderEnds = TimeSpan.FromSeconds(2);

    public Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(StepLease lease, TenantId? tenantId, TimeSpan span, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            return Task.FromResult((
                Take(lease, span) ?? new LeaseReply(LeaseAnswer.Stale, TimeSpan.Zero),
                tenantId is { } id ? registry.Tenants.GetValueOrDefault(id) : null));
        }
    }

    public Task<bool> HoldsAsync(StepLease lease, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
            return Task.FromResult(Held(lease) is { Settled: false } row && row.Step.Fence == lease.Fence && row.ExpiresAt >= registry.Now);
    }

    public ILeaseSession OpenSession(bool waitsForDisk) => this;

    public Task<TakenLeases> TakeAsync(
        IReadOnlyList<StepLease> leases, IReadOnlyList<TenantId> tenantIds, TimeSpan span, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var replies = new Dictionary<Guid, LeaseReply>();
            foreach (var lease in leases)
            {
                if (Take(lease, span) is { } reply)
                    replies[lease.Holder] = reply;
            }

            return Task.FromResult(new TakenLeases(replies, tenantIds.Where(registry.Tenants.ContainsKey).ToDictionary(id => id, id => registry.Tenants[id])));
        }
    }

    public Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyList<StepLease> leases, TimeSpan span, CancellationToken cancellationToken)
    {
        var renewed = new HashSet<Guid>();
        lock (registry.Gate)
        {
            foreach (var lease in leases)
            {
                if (Held(lease) is not { Settled: false } row || row.Step.Fence != row.HeldFence)
                    continue;
                row.ExpiresAt = registry.Now + span;
                renewed.Add(lease.Holder);
            }
        }

        return Task.FromResult<IReadOnlySet<Guid>>(renewed);
    }

    public Task ReleaseAsync(IReadOnlyList<StepLease> leases, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            foreach (var row in leases.Select(Held).OfType<StepRow>())
                (row.Holder, row.ExpiresAt) = (null, null);
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private StepRow? Held(StepLease lease) =>
        registry.Steps.TryGetValue((lease.OperationId, lease.Step), out var row) && row.Holder == lease.Holder ? row : null;

    // Null when there is no such step.
    private LeaseReply? Take(StepLease lease, TimeSpan span)
    {
        if (!registry.Steps.TryGetValue((lease.OperationId, lease.Step), out var row))
            return null;
        var now = registry.Now;
        var remaining = row.ExpiresAt - now;
        if (row.HeldFence < lease.Fence && (remaining is null || remaining > OlderEnds))
            remaining = OlderEnds;
        if (row.Step.Fence != lease.Fence || row.Settled)
            return new LeaseReply(LeaseAnswer.Stale, remaining ?? TimeSpan.Zero);
        if (row.Holder is not null && row.ExpiresAt >= now)
            return new LeaseReply(LeaseAnswer.Busy, remaining ?? TimeSpan.Zero);
        (row.Holder, row.HeldFence, row.ExpiresAt) = (lease.Holder, lease.Fence, now + span);
        return new LeaseReply(LeaseAnswer.Taken, remaining ?? TimeSpan.Zero);
    }
}
