using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Registry.Batches;
using Saga.Registry.Transitions;

namespace Saga.Tests.Simulation;

/// <summary>What must be true of batches.</summary>
internal sealed partial class Promises
{
    /// <summary>An item was ordered: a command for it was accepted, or an order to a stalled operation.</summary>
    public void Submitted(SimulatedItem item, SimulatedOperation operation, Guid? order)
    {
        var batch = item.Batch;
        Hold(item.Operation is null, $"{batch.Name}: item {item.Number} is ordered once; it was ordered as {world.NameOf(item.Operation ?? default)} and now as {operation.Name}");
        Hold(batch.InHand?.Contains(item.Number) ?? true, $"{batch.Name}: item {item.Number} is not begun after the batch was paused or aborted, unless a runner had it in its hands");
        (item.Operation, item.Order) = (operation.Id, order);
        operation.Items.Add(item);
        if (order is { } message)
            Ordered(message, operation.Id);
    }

    /// <summary>A batch was paused or aborted.</summary>
    public void Halted(Guid id)
    {
        var batch = world.Batches.First(b => b.Id == id);
        // What was in hand at a first halt may still be at a second one.
        batch.InHand ??= world.Orchestrators.SelectMany(o => o.InHand).Where(i => i.Batch == id).Select(i => i.Number).ToHashSet();
    }

    /// <summary>A batch was resumed.</summary>
    public void Resumed(Guid id) => world.Batches.First(b => b.Id == id).InHand = null;

    /// <summary>After an item was ordered, and before that is written down.</summary>
    public async Task KeepsItsWaveAsync(SimulatedItem item)
    {
        var stored = (await world.Storage.Operators.FindAsync(item.Batch.Id))!;
        var begun = (await world.Storage.Operators.ItemsAsync(item.Batch.Id)).Count(i => i.Wave == stored.Wave && i.Number != item.Number);
        Hold(begun < stored.WaveSize, $"{item.Batch.Name}: wave {stored.Wave} has at most {stored.WaveSize} items; item {item.Number} begins after {begun}");
    }

    /// <summary>After something about an item was written.</summary>
    public async Task KeepsItsWavesAsync(Guid id)
    {
        var stored = (await world.Storage.Operators.FindAsync(id))!;
        var begun = (await world.Storage.Operators.ItemsAsync(id)).Count(i => i.Wave == stored.Wave);
        Hold(begun <= stored.WaveSize, $"{world.NameOfBatch(id)}: wave {stored.Wave} has at most {stored.WaveSize} items; it has {begun}");
    }

    /// <summary>A runner decided about a batch as a whole, unless it had lost its claim.</summary>
    /// <param name="before">The batch before.</param>
    public async Task DecidedAsync(Batch before)
    {
        var after = (await world.Storage.Operators.FindAsync(before.Id))!;
        if (after.Wave == before.Wave && after.State == before.State)
            return;
        var batch = world.Batches.First(b => b.Id == before.Id);
        world.Say($"{batch.Name} is {after.State} in wave {after.Wave} of {after.WaveSize}");
        if (after.State == BatchState.Paused)
        {
            Halted(batch.Id);
            return;
        }

        Hold(batch.Items.All(i => !i.IsOpen), $"{batch.Name}: nothing is open when it goes on to wave {after.Wave} or completes; open is {string.Join(", ", batch.Items.Where(i => i.IsOpen).Select(i => $"item {i.Number}"))}");
        var items = await world.Storage.Operators.ItemsAsync(batch.Id);
        if (after.Wave == before.Wave)
            return;
        var (begun, pending) = (items.Count(i => i.Wave == before.Wave), items.Count(i => i.State == BatchItemState.Pending));
        var failed = items.Count(i => i.Wave == before.Wave && i.State is BatchItemState.Failed or BatchItemState.Refused);
        Hold(failed <= before.Pace.StopAtFailureRatio * Math.Min(before.WaveSize, begun + pending), $"{batch.Name} pauses when more than {before.Pace.StopAtFailureRatio} of a wave failed; {failed} of {begun} did in wave {before.Wave}");
    }

    private static void Settled(SimulatedItem item, OperationChange change, Progress after, Guid message)
    {
        if (item.Order == message && change.History.Any(h => h.Event == HistoryEvents.ReplayRefused))
            item.WasRefused = true;
        if (change.History.Any(h => h.Event is HistoryEvents.Stalled or HistoryEvents.Completed or HistoryEvents.Compensated or HistoryEvents.Cancelled))
            item.Rests.Add(after.State);
    }

    private void Rest(StoredBatchRow row)
    {
        var (batch, stored) = (world.Batches.First(b => b.Id == row.Batch.Id), row.Batch);
        Hold(stored.OperationId == batch.OperationId, $"{batch.Name} has one operation");
        var hasLost = row.Items.Any(i => i.Item.State == BatchItemState.Running);
        var ended = stored.State is BatchState.Completed or BatchState.Aborted;
        Hold(stored.State != BatchState.Running || hasLost, $"{batch.Name} ends or pauses");
        Hold(!ended || row.Closed || stored.OperationId is null || hasLost, $"{batch.Name} is {stored.State}, and its operation knows");
        Hold(!row.Closed || world.Operations[stored.OperationId!.Value].Known.State.HasEnded(), $"the operation of {batch.Name} has ended with it");
        Hold(stored.State != BatchState.Paused || stored.PauseReason is not null, $"{batch.Name} says why it paused");
        Hold(stored.State != BatchState.Aborted || stored is { EndedBy: not null, EndReason: not null }, $"{batch.Name} says who aborted it and why");
        Hold(!ended || stored.EndedAt is not null, $"{batch.Name} says when it ended");
        foreach (var item in row.Items)
            Rest(batch[item.Item.Number], item, stored.State);
    }

    private void Rest(SimulatedItem item, StoredItemRow row, BatchState batch)
    {
        var (name, stored) = ($"{item.Batch.Name} item {item.Number}", row.Item);
        var rests = string.Join(", ", item.Rests);
        switch (stored.State)
        {
            case BatchItemState.Pending:
                Hold(batch is BatchState.Prepared or BatchState.Paused || (batch == BatchState.Running && item.Batch.Items.Any(i => i.IsLost)), $"{name} waits only in a batch that waits; the batch is {batch}");
                break;
            case BatchItemState.Running:
                Hold(item.IsLost, $"{name} has ended");
                break;
            case BatchItemState.Succeeded:
                Hold(item.Rests.Exists(s => IsUndone(s) == row.ExpectsUndone && s.HasEnded()), $"{name} succeeded as its operation did: {rests}");
                break;
            case BatchItemState.Failed:
                Hold(item.Rests.Exists(s => IsUndone(s) != row.ExpectsUndone || !s.HasEnded()), $"{name} failed as its operation did: {rests}");
                break;
            case BatchItemState.Refused:
                Hold(item.WasRefused || (item.Operation is null && stored.Failure is not null), $"{name} was refused: {rests}");
                break;
            default:
                Hold(batch == BatchState.Aborted, $"{name} is skipped only in a batch that was aborted");
                Hold(item.Operation is null, $"{name} is skipped, so nobody ordered it");
                break;
        }

        Hold(stored.State is BatchItemState.Pending or BatchItemState.Running == stored.EndedAt is null, $"{name} says when it ended");
        Hold(stored.OperationId is null || stored.OperationId == item.Operation, $"{name} names the operation that carries it out");
    }

    private static bool IsUndone(OperationState state) => state is OperationState.Compensated or OperationState.Cancelled;
}
