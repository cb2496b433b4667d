using System.Runtime.CompilerServices;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Orchestrator.Machine;
using Saga.Registry.Transitions;
using Saga.Tests.Support.Diagrams;

namespace Saga.Tests.Simulation;

/// <summary>What must be true after every step, and when nothing moves any more.</summary>
internal sealed partial class Promises(World world)
{
    private static readonly HashSet<string> Declared =
        [.. new StateTable(new OperationStateMachine(new OperationEngine(() => 0))).Transitions.Select(t => $"{t.From} + {t.Event} -> {t.To}")];

    private static readonly HashSet<string> Written = new(StringComparer.Ordinal)
    {
        HistoryEvents.ReplayRequested, HistoryEvents.WaveBegun, HistoryEvents.BatchPaused, HistoryEvents.BatchResumed, HistoryEvents.BatchAborted, HistoryEvents.BatchCompleted,
    };

    private readonly Dictionary<Guid, Guid> orders = [];

    public static void Hold(bool kept, [InterpolatedStringHandlerArgument(nameof(kept))] Reason promise)
    {
        if (!kept)
            throw new BrokenPromiseException($"Broken: {promise.Text}.");
    }

    public void Accepted(SimulatedOperation operation)
    {
        operation.History.Add(HistoryEvents.Accepted);
        if (world.Storage.SlotOf(operation.Id) == SlotState.Waiting)
            operation.History.Add(HistoryEvents.ScopeAwaited);
        else
            HasScopes(operation);
    }

    public void Granted(Guid id)
    {
        var operation = world.Operations[id];
        operation.History.Add(HistoryEvents.ScopeGranted);
        HasScopes(operation);
    }

    /// <summary>An order was accepted, so it must reach its operation.</summary>
    public void Ordered(Guid message, Guid operation) => orders.Add(message, operation);

    public void Answered(Envelope envelope) => orders.Remove(envelope.Id);

    /// <summary>The broker lost all that it had.</summary>
    public void Wiped(IEnumerable<Envelope> envelopes)
    {
        foreach (var envelope in envelopes)
        {
            orders.Remove(envelope.Id);
            foreach (var item in world.Batches.SelectMany(b => b.Items).Where(i => i.Order == envelope.Id))
                item.IsLost = true;
        }
    }

    public void Loaded(LoadedOperation loaded)
    {
        var operation = world.Operations[loaded.Id];
        var known = operation.Known;
        Hold(loaded.Stored.State == known.State, $"{operation.Name} is loaded as it was committed, {known.State}; it is {loaded.Stored.State}");
        for (var i = 0; i < known.Steps.Count; i++)
        {
            var (written, read) = (known.Steps[i], loaded.Steps[i]);
            Hold(written.Fence == read.Fence && written.Status == read.Status && written.Attempt == read.Attempt, $"{operation.Name}: {written.Name} is loaded as it was committed, {written.Status} {written.Fence}; it is {read.Status} {read.Fence}");
        }
    }

    public void Committed(OperationChange change, OperationSaga saga, string @event, Guid message)
    {
        var operation = world.Operations[change.OperationId];
        var before = operation.Known;
        // What was written, not what was decided.
        var steps = before.Steps.Select(old => change.Steps.FirstOrDefault(c => c.Step.Name == old.Name)?.Step ?? old).ToList();
        var after = new Progress(change.Row?.State ?? before.State, steps, change.Row is { } row ? row.Failure : before.Failure)
        {
            Cancellation = change.Row is { } written ? written.Cancellation : before.Cancellation,
        };
        Hold(after.State == saga.Decision!.After.State, $"{operation.Name} is written as it was decided");
        Hold(!before.State.HasEnded() || (change.Steps.Count == 0 && change.History.Count == 0 && after.State == before.State), $"{operation.Name} does not change after its end");
        Hold(before.State == after.State || Declared.Contains($"{before.State} + {@event} -> {after.State}"), $"{operation.Name} goes from {before.State} to {after.State} on {@event} as the state machine declares");
        foreach (var (old, step) in before.Steps.Zip(after.Steps))
            Advanced(operation, after, change, old, step);
        Hold(change.Messages.Count == 0 || operation.HasScopes || !operation.Workflow.Steps.Any(s => s.Wait is null), $"{operation.Name} dispatches only with its scopes");
        Hold(before.Cancellation is null || after.Cancellation == before.Cancellation, $"{operation.Name} stays cancelled");
        Hold(after.State is not (OperationState.Compensated or OperationState.Cancelled) || after.State == OperationState.Cancelled == after.Cancellation is not null, $"{operation.Name} ends as cancelled if somebody cancelled it");
        if (operation.Workflow.Steps.FirstOrDefault(s => s.Kind == StepKind.Pivot) is { } pivot && world.Outside.Exists(operation.Id, pivot.Name))
            Hold(after.State is not (OperationState.Compensating or OperationState.Compensated or OperationState.Cancelled), $"{operation.Name} only goes forward once its pivot has taken effect");
        operation.Known = after;
        foreach (var item in operation.Items)
            Settled(item, change, after, message);
        foreach (var line in change.History)
            Write(operation.History, line);
        if (after.State.HasEnded())
            operation.HasScopes = false;
    }

    /// <summary>When nothing moves any more.</summary>
    public void Rest()
    {
        var stored = world.Storage.Read();
        foreach (var operation in world.Operations.Values)
            Rest(operation, stored.Operations.First(o => o.Id == operation.Id));
        foreach (var batch in stored.Batches)
            Rest(batch);
        foreach (var (message, operation) in orders)
            throw new BrokenPromiseException($"Broken: the order {message} about {world.NameOf(operation)} is not lost.");
        Hold(stored.Messages.Count == 0, $"the outbox is empty at rest");
        foreach (var (scope, holder) in stored.Scopes.OrderBy(s => s.Key, StringComparer.Ordinal))
            Hold(!world.Operations[holder].Known.State.HasEnded() && world.Operations[holder].Scopes.Contains(scope), $"the scope {scope} of {world.NameOf(holder)} is free at its end");
        foreach (var row in stored.Steps.OrderBy(s => s.Operation).ThenBy(s => s.Step.Name, StringComparer.Ordinal))
            Hold(row.Holder is null || row.ExpiresAt < world.Storage.Now || !row.Step.Status.IsDispatched, $"{world.NameOf(row.Operation)}: nobody holds the lease of {row.Step.Name} at rest");
        var keys = world.Operations.Values.Where(o => o.Key is not null).GroupBy(o => o.Key!, StringComparer.Ordinal);
        foreach (var key in keys)
            Hold(key.Count() == 1, $"the command {key.Key} is accepted once");
        var replays = world.Operations.Values.Where(o => o.ReplayOf is not null).GroupBy(o => o.ReplayOf!.Value);
        foreach (var replay in replays)
            Hold(replay.Count(o => o.Known.State is not (OperationState.Compensated or OperationState.Cancelled)) <= 1, $"{world.NameOf(replay.Key)} is replayed once at a time");
    }

    private static void Advanced(SimulatedOperation operation, Progress after, OperationChange change, StepRun old, StepRun step)
    {
        var definition = operation.Definition(step.Name);
        var sent = change.Messages.Select(m => m.Message).OfType<StepCommand>().Where(m => m.Step == step.Name).ToList();
        Hold(sent.Count <= 1, $"{operation.Name}: {step.Name} is sent once in a commit");
        Hold(step.Fence >= old.Fence, $"{operation.Name}: the fencing token of {step.Name} grows, from {old.Fence} to {step.Fence}");
        Hold(step.Fence == old.Fence || sent.Count == 1, $"{operation.Name}: a new fencing token of {step.Name} is sent");
        Hold(sent.TrueForAll(m => m.Fence == step.Fence && m is CompensateStep == step.Status.IsBack && step.Status.IsDispatched), $"{operation.Name}: what is sent of {step.Name} is what was written, {step.Status} under {step.Fence}");
        Hold(sent.Count == 0 || (step.Status.IsBack ? after.State == OperationState.Compensating : after.State == OperationState.Running), $"{operation.Name}: {step.Name} is sent in the operation's direction");
        Hold(sent.Count == 0 || step.Status.IsBack || operation.Workflow.Before(step.Name).All(a => after.Steps.First(s => s.Name == a).Status.IsPassed), $"{operation.Name}: {step.Name} is sent after all that it comes after");
        Hold(after.State != OperationState.Running || step.Attempt <= definition.MaxAttempts, $"{operation.Name}: {step.Name} has no more attempts than it may");
        Hold(
            step.Fence == old.Fence || change.History.Any(h => h.Step == step.Name && h.Fence == step.Fence && h.Event is HistoryEvents.StepDispatched or HistoryEvents.CompensationDispatched),
            $"{operation.Name}: the dispatch of {step.Name} under {step.Fence} is in the history");
        Hold(step.Status == old.Status || !step.Status.IsPassed || change.History.Any(h => h.Step == step.Name && h.Event is HistoryEvents.StepSucceeded or HistoryEvents.StepWaived), $"{operation.Name}: the success of {step.Name} is in the history");
    }

    private void Rest(SimulatedOperation operation, StoredOperationRow row)
    {
        var known = operation.Known;
        Hold(row.Stored.State == known.State, $"{operation.Name} is stored as it was committed");
        Hold(operation.History.SequenceEqual(row.History.Where(IsDecided), StringComparer.Ordinal), $"{operation.Name} has the history of what was committed");
        if ((known.State == OperationState.Accepted && world.IsBlocked(operation)) || world.StandsForWaitingBatch(operation))
            return;
        Hold(World.IsAtRest(known.State), $"{operation.Name} ends or stalls; it is {known.State}");
        Hold(row.Stored.Slot is SlotState.Released or SlotState.Exempt, $"{operation.Name} has given its slot back; it is {row.Stored.Slot}");
        Hold(known.State != OperationState.Stalled || (known.Failure is not null && known.Steps.Any(s => s.Status.Phase == StepPhase.Failed)), $"{operation.Name} says why it stalled");
        Hold(known.State is not (OperationState.Compensated or OperationState.Cancelled) || known.Failure is not null, $"{operation.Name} says why it was undone");
        Hold(!known.State.HasEnded() || operation.History.Count(h => h is HistoryEvents.Completed or HistoryEvents.Compensated or HistoryEvents.Cancelled) == 1, $"{operation.Name} ends once in its history");
        foreach (var definition in operation.Workflow.Steps.Where(s => s.Wait is null))
        {
            var exists = world.Outside.Exists(operation.Id, definition.Name);
            var status = operation[definition.Name].Status;
            if (known.State == OperationState.Completed)
                Hold(exists || status.Phase == StepPhase.Waived, $"{operation.Name} is completed, so {definition.Name} exists outside");
            else if (known.State.HasEnded())
                Hold(!exists || status == StepStatus.CompensationWaived, $"{operation.Name} is {known.State}, so {definition.Name} does not exist outside");
            else
                Hold(!exists || operation[definition.Name].Fence > 0, $"{operation.Name} has sent {definition.Name}, which exists outside");
        }
    }

    private void HasScopes(SimulatedOperation operation)
    {
        foreach (var other in world.Operations.Values)
        {
            if (other != operation && other.HasScopes && other.Scopes.Intersect(operation.Scopes, StringComparer.Ordinal).FirstOrDefault() is { } shared)
                throw new BrokenPromiseException($"Broken: {operation.Name} and {other.Name} do not hold the scope {shared} together.");
        }

        operation.HasScopes = true;
    }

    // Answers to waits are written by those who give them, like orders, and what happens to a batch.
    private static bool IsDecided(string line) => !line.StartsWith(HistoryEvents.WaitAnswered, StringComparison.Ordinal) && !Written.Contains(line);

    private static void Write(List<string> history, HistoryLine line)
    {
        var text = line.Step is null ? line.Event : $"{line.Event}:{line.Step}";
        if (!line.Repeats || !history.Contains(text, StringComparer.Ordinal))
            history.Add(text);
    }
}
