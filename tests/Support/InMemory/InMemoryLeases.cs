using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryLeases(InMemoryRegistry registry) : ILeaseStore, ILeaseSession, ILeaseCheck
{
    private static readonly TimeSpan OlderEnds = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Backlog = TimeSpan.FromMinutes(1);

    public Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(LeaseRequest request, TenantId? tenantId, TimeSpan span, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            return Task.FromResult((
                Take(request, span) ?? new LeaseReply(LeaseAnswer.Stale, TimeSpan.Zero),
                tenantId is { } id ? registry.Tenants.GetValueOrDefault(id) : null));
        }
    }

    public Task<bool> HoldsAsync(StepLease lease, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
            return Task.FromResult(Held(lease) is { Settled: false } row && row.Step.Fence == lease.Fence && row.ExpiresAt >= registry.Now);
    }

    public Task RequireAsync(StepLease lease, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            return Held(lease) is { Settled: false } row && row.Step.Fence == lease.Fence && row.ExpiresAt > registry.Now
                ? Task.CompletedTask
                : throw new LeaseLostException(lease);
        }
    }

    public ILeaseSession OpenSession(bool waitsForDisk) => this;

    public Task<TakenLeases> TakeAsync(
        IReadOnlyList<LeaseRequest> requests, IReadOnlyList<TenantId> tenantIds, TimeSpan span, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var replies = new Dictionary<Guid, LeaseReply>();
            foreach (var request in requests)
            {
                if (Take(request, span) is { } reply)
                    replies[request.Lease.Holder] = reply;
            }

            return Task.FromResult(new TakenLeases(replies, tenantIds.Where(registry.Tenants.ContainsKey).ToDictionary(id => id, id => registry.Tenants[id])));
        }
    }

    // Does not wait for locked rows.
    public Task<RenewedLeases> RenewAsync(
        IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> reporting, TimeSpan span, TimeSpan patience, CancellationToken cancellationToken,
        IReadOnlyDictionary<StepLease, LeaseProgress>? progress = null)
    {
        var (renewed, locked) = (new HashSet<Guid>(), new HashSet<Guid>());
        lock (registry.Gate)
        {
            foreach (var lease in leases)
            {
                if (Held(lease) is not { Settled: false } row || row.Step.Fence != row.HeldFence)
                    continue;
                if (IsLocked(lease))
                {
                    locked.Add(lease.Holder);
                    continue;
                }

                (row.ExpiresAt, row.LostAt) = (registry.Now + span, registry.Now + (2 * span));
                if (progress?.GetValueOrDefault(lease) is { } said)
                {
                    (row.Progress, row.ProgressedAt, row.Checkpoint) = (said.Progress, registry.Now, said.Checkpoint ?? row.Checkpoint);
                    row.AttemptEndsAt = said.StallAfter is { } stall ? registry.Now + stall : row.AttemptEndsAt;
                }

                if (reporting.Contains(lease))
                    row.ReportUntil = row.LostAt;
                row.WatchedUntil = !row.Step.Status.IsDispatched ? null : reporting.Contains(lease) ? row.LostAt : Earlier(row.LostAt.Value, row.AttemptEndsAt);
                renewed.Add(lease.Holder);
            }
        }

        return Task.FromResult(new RenewedLeases(renewed, locked));
    }

    public Task<IReadOnlySet<Guid>> ReleaseAsync(IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> unreported, CancellationToken cancellationToken)
    {
        var locked = new HashSet<Guid>();
        lock (registry.Gate)
        {
            foreach (var lease in leases)
            {
                if (Held(lease) is not { } row)
                    continue;
                if (IsLocked(lease))
                {
                    locked.Add(lease.Holder);
                    continue;
                }

                (row.Holder, row.ExpiresAt, row.LostAt, row.WatchedUntil) = (null, null, null, null);
                if (!unreported.Contains(lease) || row.Step.Fence != row.HeldFence || row.Settled)
                {
                    if (row.ReportUntil is { } until && until < registry.Now + Backlog)
                        row.ReportUntil = registry.Now + Backlog;
                    continue;
                }

                (row.TakenAt, row.ReportUntil, row.ProgressedAt) = (null, null, null);
                row.WatchedUntil = registry.Now;
                row.Step = row.Step with { DueAt = registry.Now };
            }
        }

        return Task.FromResult<IReadOnlySet<Guid>>(locked);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool IsLocked(StepLease lease) => registry.LockedSteps.Contains((lease.OperationId, lease.Step));

    private StepRow? Held(StepLease lease) =>
        registry.Steps.TryGetValue((lease.OperationId, lease.Step), out var row) && row.Holder == lease.Holder ? row : null;

    // Null when there is no such step.
    private LeaseReply? Take(LeaseRequest request, TimeSpan span)
    {
        var lease = request.Lease;
        if (!registry.Steps.TryGetValue((lease.OperationId, lease.Step), out var row))
            return null;
        var now = registry.Now;
        var lasts = request.AttemptTimeout ?? Earlier(now.AddDays(1), request.Deadline) - now;
        var answer = row switch
        {
            _ when row.Step.Fence != lease.Fence || row.Settled => LeaseAnswer.Stale,
            { TakenAt: not null } => LeaseAnswer.Duplicate,
            _ when request.Deadline <= now => LeaseAnswer.Late,
            { Holder: not null } when row.ExpiresAt >= now => LeaseAnswer.Busy,
            _ => LeaseAnswer.Taken,
        };
        if (answer != LeaseAnswer.Taken)
            return new LeaseReply(answer, Remaining(row, lease, now));
        (row.Holder, row.HeldFence, row.TakenAt, row.AttemptEndsAt) = (lease.Holder, lease.Fence, now, now + lasts);
        (row.ExpiresAt, row.LostAt) = (now + span, now + (2 * span));
        row.WatchedUntil = row.Step.Deliveries > 1 ? now + (2 * span < lasts ? 2 * span : lasts) : null;
        return new LeaseReply(LeaseAnswer.Taken, lasts) { Checkpoint = row.Checkpoint };
    }

    private static TimeSpan Remaining(StepRow row, StepLease lease, DateTimeOffset now)
    {
        var remaining = row.ExpiresAt - now;
        if (row.HeldFence < lease.Fence && (remaining is null || remaining > OlderEnds))
            remaining = OlderEnds;
        return remaining ?? TimeSpan.Zero;
    }

    private static DateTimeOffset Earlier(DateTimeOffset first, DateTimeOffset? second) => second < first ? second.Value : first;
}
