using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime.Progress;

namespace Saga.Workers.Runtime.Leases;

/// <summary>
/// Takes leases in the registry, and renews all leases of this process with one statement. A lease whose row another transaction has
/// locked is put aside and retried soon, so that it does not end the others. If a lease could not be renewed in time, or a newer
/// fencing token was issued, the work under it is cancelled.
/// </summary>
internal sealed partial class LeaseManager(ILeaseStore store, IOptions<WorkersOptions> options, TimeProvider time, ILogger<LeaseManager> log)
    : BackgroundService, IAsyncDisposable
{
    // Long enough for the transactions of a step that follow each other closely. They are short unless they wait themselves.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<StepLease, HeldLease> held = new();
    private readonly ConcurrentQueue<(StepLease Lease, bool Reported)> ended = new();
    private readonly TimeSpan span = TimeSpan.FromSeconds(options.Value.LeaseSeconds);
    private readonly LeaseBatcher batcher = new(store, TimeSpan.FromSeconds(options.Value.LeaseSeconds));

    /// <summary>Tries to take the lease of a dispatch, and loads the tenant in the same round trip.</summary>
    public async Task<LeaseOutcome> TakeAsync(Contracts.Steps.StepCommand command, CancellationToken cancellationToken)
    {
        var lease = new StepLease(command.OperationId, command.Step, command.Fence, Guid.NewGuid());
        var since = time.GetTimestamp();
        var (answer, tenant) = await AskAsync(new LeaseRequest(lease, command.AttemptTimeout, command.Deadline), command.TenantId, cancellationToken);
        if (answer.Outcome != LeaseAnswer.Taken)
            return new LeaseOutcome(answer, null, null);
        // The attempt ends slightly earlier here than in the registry, because the time counts from before the take.
        var holding = new HeldLease(lease, Left(since), answer.Remaining - time.GetElapsedTime(since), new ProgressSlot(command.StallAfter, answer.Checkpoint, time), this, time);
        held[lease] = holding;
        return new LeaseOutcome(answer, holding, tenant);
    }

    /// <summary>Runs when the container is disposed, after the bus has stopped, so that leases of cancelled work are free for the next process at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await batcher.DisposeAsync();
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
            await using var session = store.OpenSession(waitsForDisk: true);
            while (!ended.IsEmpty)
            {
                if (!await ClearEndedAsync(session, limit.Token))
                    await Task.Delay(Patience, time, limit.Token);
            }
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException)
        {
            // Then the lease expires by itself.
        }

        Dispose();
    }

    /// <summary>
    /// Stops renewing. The orchestrator clears the row when it records the report. If it ignores the report because a newer fencing
    /// token was issued, the row is cleared here within a second, so that the newer dispatch need not wait for the lease to expire.
    /// </summary>
    /// <param name="lease">The lease that ends.</param>
    /// <param name="reported">Whether the broker has the report. Otherwise the dispatch is given back as if it had not been taken.</param>
    public void Release(StepLease lease, bool reported)
    {
        held.TryRemove(lease, out _);
        ended.Enqueue((lease, reported));
    }

    /// <summary>
    /// Writes the last progress and checkpoint of an attempt that ends without success, before its report is sent, so that the next attempt
    /// begins there. If the registry does not answer, the next attempt begins at an earlier checkpoint.
    /// </summary>
    public async Task FlushAsync(HeldLease lease)
    {
        if (lease.Progress.Read() is not { } left)
            return;
        try
        {
            using var limit = new CancellationTokenSource(span / 3, time);
            await using var session = store.OpenSession(waitsForDisk: true);
            await session.RenewAsync(
                [lease.Lease], new HashSet<StepLease>(), span, Patience, limit.Token, new Dictionary<StepLease, LeaseProgress> { [lease.Lease] = left });
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException)
        {
            LogNotFlushed(error, lease.Lease.Step, lease.Lease.OperationId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var session = store.OpenSession(waitsForDisk: true);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500), time);
        var renewed = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // A hanging renewal must not block the next one.
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                limit.CancelAfter(span / 3);
                await ClearEndedAsync(session, limit.Token);
                var all = time.GetElapsedTime(renewed) >= span / 3;
                await RenewAsync(session, [.. held.Values.Where(l => all || l.IsUnwatched || l.IsAside || l.IsUntold || l.Progress.IsDue)], limit.Token);
                if (all)
                    renewed = time.GetTimestamp();
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // Leases that have ended are cleared in the same round. Then no lease is at risk, and the next round clears them.
                if (!held.IsEmpty)
                    LogNotRenewed(error, held.Count);
            }
        }
    }

    private async Task<(LeaseReply Reply, Tenant? Tenant)> AskAsync(LeaseRequest request, TenantId? tenant, CancellationToken cancellationToken)
    {
        try
        {
            return await batcher.TakeAsync(request, tenant, cancellationToken);
        }
        catch (Exception error)
        {
            // The lease may have been taken anyway, and then nobody works under it. Only a tenant that cannot be read has a report that counts
            // although the lease was taken; otherwise the dispatch is given back.
            ended.Enqueue((request.Lease, error is UnreadableTenantException));
            throw;
        }
    }

    // Returns whether all could be released. A row that another transaction has locked is tried again next time.
    private async Task<bool> ClearEndedAsync(ILeaseSession session, CancellationToken cancellationToken)
    {
        var leases = new List<(StepLease Lease, bool Reported)>();
        while (leases.Count < 1000 && ended.TryDequeue(out var lease))
            leases.Add(lease);
        if (leases.Count == 0)
            return true;
        try
        {
            var locked = await session.ReleaseAsync(
                leases.ConvertAll(l => l.Lease), leases.Where(l => !l.Reported).Select(l => l.Lease).ToHashSet(), cancellationToken);
            leases.RemoveAll(l => !locked.Contains(l.Lease.Holder));
            leases.ForEach(ended.Enqueue);
            return leases.Count == 0;
        }
        catch
        {
            // Release them explicitly, because expiring leases would look like a lost worker.
            leases.ForEach(ended.Enqueue);
            throw;
        }
    }

    private async Task RenewAsync(ILeaseSession session, List<HeldLease> leases, CancellationToken cancellationToken)
    {
        if (leases.Count == 0)
            return;
        var since = time.GetTimestamp();
        var aside = await RenewAsync(session, leases, TimeSpan.Zero, cancellationToken);
        // One at a time, the most urgent first, and never so long that the next renewal of the others is late.
        foreach (var lease in aside.OrderBy(l => l.EndsAt))
        {
            var remains = time.GetElapsedTime(since) > span / 6 || (await RenewAsync(session, [lease], Patience, cancellationToken)).Count > 0;
            if (remains && lease.PutAside())
                LogPutAside(lease.Lease.Step, lease.Lease.OperationId);
        }
    }

    // Returns those whose row is locked.
    private async Task<List<HeldLease>> RenewAsync(ILeaseSession session, List<HeldLease> leases, TimeSpan patience, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        var reporting = leases.Where(l => l.IsReporting).Select(l => l.Lease).ToHashSet();
        var progress = leases.Where(l => l.Progress.IsDue).Select(l => (l.Lease, Progress: l.Progress.Read())).Where(p => p.Progress is not null).ToDictionary(p => p.Lease, p => p.Progress!);
        var answer = await session.RenewAsync([.. leases.Select(l => l.Lease)], reporting, span, patience, cancellationToken, progress);
        var aside = new List<HeldLease>();
        foreach (var lease in leases)
        {
            if (answer.Renewed.Contains(lease.Lease.Holder))
            {
                lease.Renewed(Left(since), reporting.Contains(lease.Lease));
                if (progress.TryGetValue(lease.Lease, out var told))
                    lease.Progress.Sent(told);
            }
            else if (answer.Locked.Contains(lease.Lease.Holder))
                aside.Add(lease);
            else
                Lose(lease);
        }

        return aside;
    }

    // Ends before the registry's lease does, so that work stops before another attempt can start.
    private TimeSpan Left(long since) => (span * 0.8) - time.GetElapsedTime(since);

    private void Lose(HeldLease lease)
    {
        if (held.TryRemove(lease.Lease, out _))
        {
            LogLost(lease.Lease.Step, lease.Lease.OperationId, lease.Lease.Fence);
            lease.Lose();
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning, Message = "Lost the lease of step {Step} of operation {Operation} under fencing token {Fence}; its work is cancelled.")]
    private partial void LogLost(string step, Guid operation, long fence);

    [LoggerMessage(EventId = 1960, Level = LogLevel.Warning, Message = "The lease of step {Step} of operation {Operation} cannot be renewed, because a transaction has its row locked. The others are renewed; this one is tried again until it ends.")]
    private partial void LogPutAside(string step, Guid operation);

    [LoggerMessage(EventId = 2570, Level = LogLevel.Warning, Message = "The last checkpoint of step {Step} of operation {Operation} was not stored; the next attempt begins at an earlier one.")]
    private partial void LogNotFlushed(Exception error, string step, Guid operation);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "{Count} leases could not be renewed; trying again.")]
    private partial void LogNotRenewed(Exception error, int count);
}
