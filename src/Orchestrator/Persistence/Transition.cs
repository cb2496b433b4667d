using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// One message's way through one operation: loaded under a lock, decided by the state machine, and committed with
/// others of the same moment.
/// </summary>
internal sealed class Transition(Guid operationId, Guid messageId, bool alone)
{
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid OperationId { get; } = operationId;

    public Guid MessageId { get; } = messageId;

    /// <summary>Share no transaction: an earlier try failed, and may have been at fault.</summary>
    public bool Alone { get; } = alone;

    /// <summary>Null when there is no such operation.</summary>
    public OperationSaga? Saga { get; private set; }

    /// <summary>The message changed the operation before.</summary>
    public bool Seen { get; private set; }

    /// <summary>Nothing changes, and the row has another time than the next thing is due: the sweeper woke it too soon, and put it off blindly.</summary>
    public bool WokenTooSoon => !Seen && Saga is { Decision: { Changes: false } decision } && decision.After.NextDueAt is { } due && due != Saga.StoredDueAt;

    public IReadOnlyList<OutboxMessage> Outgoing { get; private set; } = [];

    public Task Loaded => loaded.Task;

    /// <summary>True when there is something to write.</summary>
    public Task<bool> Decided => decided.Task;

    public Task Committed => committed.Task;

    public void Load(OperationSaga? saga, bool seen)
    {
        Saga = saga;
        Seen = seen;
        loaded.TrySetResult();
    }

    public void Decide()
    {
        var changes = !Seen && Saga?.Decision is { Changes: true };
        if (changes)
            Outgoing = [.. Saga!.Decision!.Dispatches.Select(d => OutboxMessage.For(Saga, d))];
        decided.TrySetResult(changes);
    }

    /// <summary>The state machine failed: write nothing of this transition.</summary>
    public void Abandon() => decided.TrySetResult(false);

    public void Commit() => committed.TrySetResult();

    public void Fail(Exception error)
    {
        loaded.TrySetException(error);
        committed.TrySetException(error);
        // Whichever of the two is not awaited must not count as unobserved.
        _ = loaded.Task.Exception;
        _ = committed.Task.Exception;
    }
}
