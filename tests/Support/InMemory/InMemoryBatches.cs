using System.Globalization;
using Saga.Contracts.Steps;
using Saga.Engine.Batches;
using Saga.Engine.Operations;
using Saga.Registry.Batches;

namespace Saga.Tests.Support.InMemory;

/// <summary>Batches of upgrades are not supported, because places are not.</summary>
internal sealed class InMemoryBatches(InMemoryRegistry registry) : IBatchRuns
{
    public Task<IReadOnlyList<BatchClaim>> TakeAsync(int limit, TimeSpan lasts, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var now = registry.Now;
            var taken = new List<BatchClaim>();
            foreach (var row in registry.Batches.Values.Where(b => b.Batch.OperationId is not null && !b.Closed && !(b.ClaimedUntil > now)).Take(limit))
            {
                (row.Claim, row.ClaimedUntil) = (Guid.NewGuid(), now + lasts);
                var since = TimeSpan.FromSeconds((now - row.NextItemAt!.Value).TotalSeconds);
                taken.Add(new(row.Read(), row.Claim.Value, registry.Operations[row.Batch.OperationId!.Value].Ended, BatchRuns.Allowed(row.Batch.Pace, since), now));
            }

            return Task.FromResult<IReadOnlyList<BatchClaim>>(taken);
        }
    }

    public Task ReleaseAsync(BatchClaim claim, CancellationToken cancellationToken) => Under(claim, row => (row.Claim, row.ClaimedUntil) = (null, null));

    public Task SettleAsync(Guid batch, string caller, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            foreach (var row in registry.Batches[batch].Items.Where(i => i.Item.State == BatchItemState.Running))
            {
                var operation = registry.Operations[row.Item.OperationId!.Value];
                if (Outcome(row, operation, caller) is { } state)
                    row.Item = row.Item with { State = state, Failure = operation.Stored.Failure, EndedAt = registry.Now };
            }
        }

        return Task.CompletedTask;
    }

    public Task<BatchProgress> ProgressAsync(Batch batch, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var items = registry.Batches[batch.Id].Items.ConvertAll(i => i.Item);
            return Task.FromResult(new BatchProgress(
                batch.WaveSize, items.Count(i => i.Wave == batch.Wave), items.Count(i => i.State == BatchItemState.Running),
                items.Count(i => i.Wave == batch.Wave && i.State is BatchItemState.Failed or BatchItemState.Refused),
                items.Count(i => i.State == BatchItemState.Pending)));
        }
    }

    public Task<BatchItem?> NextAsync(BatchClaim claim, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var row = registry.Batches[claim.Batch.Id];
            return Task.FromResult(row.Claim == claim.Token && row.Batch.State == BatchState.Running
                ? row.Items.Find(i => i.Item.State == BatchItemState.Pending && !(i.Item.NotBefore > registry.Now))?.Item
                : null);
        }
    }

    public Task<Guid?> OrderedAsync(BatchItem item, string caller, string key, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            return Task.FromResult(
                registry.Keys.TryGetValue((caller, key), out var known) ? known.OperationId
                : registry.Operations.GetValueOrDefault(item.Subject)?.Orders.Exists(o => o.By == caller && o.Key == key) == true ? item.Subject : (Guid?)null);
        }
    }

    public Task BegunAsync(BatchClaim claim, BatchItem item, Guid operation, string key, CancellationToken cancellationToken) => Under(claim, row =>
    {
        Pace(row);
        var found = row.Items[item.Number - 1];
        if (found.Item.State is not (BatchItemState.Pending or BatchItemState.Skipped))
            return;
        found.Item = found.Item with { State = BatchItemState.Running, Wave = row.Batch.Wave, OperationId = operation, BegunAt = registry.Now, EndedAt = null };
        var orders = registry.Operations[operation].Orders.FindAll(o => o.Key == key);
        found.OrderedAt = orders.Count == 0 ? null : orders[^1].Line;
    });

    public Task RecoverAsync(BatchClaim claim, string caller, string keyPrefix, CancellationToken cancellationToken) => Under(claim, row =>
    {
        foreach (var found in row.Items.Where(i => row.Batch.State == BatchState.Aborted && i.Item.State == BatchItemState.Skipped))
        {
            var order = registry.Operations.GetValueOrDefault(found.Item.Subject)?.Orders.FindLast(o => o.By == caller);
            var operation = registry.Keys.TryGetValue((caller, string.Create(CultureInfo.InvariantCulture, $"{keyPrefix}{found.Item.Number}")), out var known) ? known.OperationId
                : order is { Line: > 0 } ? found.Item.Subject : (Guid?)null;
            if (operation is null)
                continue;
            found.Item = found.Item with { State = BatchItemState.Running, Wave = row.Batch.Wave, OperationId = operation, BegunAt = registry.Now, EndedAt = null };
            found.OrderedAt = known is null ? order?.Line : null;
        }
    });

    public Task DeferAsync(BatchClaim claim, BatchItem item, DateTimeOffset until, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only items of upgrades are deferred.");

    public Task RefusedAsync(BatchClaim claim, BatchItem item, Failure failure, CancellationToken cancellationToken) => Under(claim, row =>
    {
        Pace(row);
        var found = row.Items[item.Number - 1];
        if (found.Item.State == BatchItemState.Pending)
            found.Item = found.Item with { State = BatchItemState.Refused, Wave = row.Batch.Wave, Failure = failure, BegunAt = registry.Now, EndedAt = registry.Now };
    });

    public Task DecideAsync(BatchClaim claim, BatchDecision decision, CancellationToken cancellationToken) => Under(claim, row =>
    {
        if (row.Batch.State != BatchState.Running)
            return;
        (row.Batch, var line) = decision switch
        {
            BatchDecision.NextWave { Size: var size } => (row.Batch with { Wave = row.Batch.Wave + 1, WaveSize = size }, HistoryEvents.WaveBegun),
            BatchDecision.Pause { Why: var why } => (row.Batch with { State = BatchState.Paused, PauseReason = why }, HistoryEvents.BatchPaused),
            BatchDecision.Complete => (row.Batch with { State = BatchState.Completed, EndedAt = registry.Now }, HistoryEvents.BatchCompleted),
            _ => throw new InvalidOperationException($"{decision} changes no batch."),
        };
        registry.Operations[row.Batch.OperationId!.Value].History.Add(line);
    });

    public Task AbortAsync(BatchClaim claim, string actor, string why, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
            Abort(registry.Batches[claim.Batch.Id], actor, why, registry.Now);
        return Task.CompletedTask;
    }

    public Task CloseAsync(BatchClaim claim, CancellationToken cancellationToken) => Under(claim, row => (row.Closed, row.Claim, row.ClaimedUntil) = (true, null, null));

    internal static void Abort(BatchRow row, string actor, string reason, DateTimeOffset now)
    {
        if (row.Batch.State is BatchState.Completed or BatchState.Aborted)
            return;
        var begins = row.Items.Exists(i => i.Item.State == BatchItemState.Running || (i.Item.State == BatchItemState.Pending && !(i.Item.NotBefore > now)));
        row.ClaimedUntil = row.Batch.State == BatchState.Paused || !begins ? null : row.ClaimedUntil;
        row.Batch = row.Batch with { State = BatchState.Aborted, EndedBy = actor, EndReason = reason, EndedAt = now, PauseReason = null };
        foreach (var item in row.Items.Where(i => i.Item.State == BatchItemState.Pending))
            item.Item = item.Item with { State = BatchItemState.Skipped, EndedAt = now };
    }

    private static BatchItemState? Outcome(BatchItemRow row, OperationRow operation, string caller)
    {
        if (operation.Stored.State == OperationState.Completed)
            return row.ExpectsUndone ? BatchItemState.Failed : BatchItemState.Succeeded;
        if (operation.Ended)
            return row.ExpectsUndone ? BatchItemState.Succeeded : BatchItemState.Failed;
        if (operation.Stored.State == OperationState.Stalled && operation.History.LastIndexOf(HistoryEvents.Stalled) + 1 > (row.OrderedAt ?? 0))
            return BatchItemState.Failed;
        return row.OrderedAt is { } ordered && operation.RefusedOrders.Exists(r => r.Line > ordered && r.By == caller) ? BatchItemState.Refused : null;
    }

    private void Pace(BatchRow row)
    {
        var earliest = registry.Now - BatchRuns.Burst(row.Batch.Pace);
        row.NextItemAt = (row.NextItemAt > earliest ? row.NextItemAt : earliest) + row.Batch.Pace.Interval;
    }

    private Task Under(BatchClaim claim, Action<BatchRow> write)
    {
        lock (registry.Gate)
        {
            var row = registry.Batches[claim.Batch.Id];
            if (row.Claim == claim.Token)
                write(row);
        }

        return Task.CompletedTask;
    }
}
