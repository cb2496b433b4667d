using Saga.Orchestrator.Machine;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// The processing of one message for one operation: loaded under a lock, decided by the state machine, and committed together with
/// others that are ready at the same moment.
/// </summary>
internal sealed class Transition(Guid operationId, Guid messageId, bool alone)
{
    // Continuations run inside the committer, because a decision takes microseconds and the committer waits for it anyway.
    private readonly TaskCompletionSource loaded = new();
    private readonly TaskCompletionSource decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Continuations run outside the committer, because sending and acknowledging must not delay the next transaction.
    private readonly TaskCompletionSource committed = new();

    public Guid OperationId { get; } = operationId;

    public Guid MessageId { get; } = messageId;

    /// <summary>Whether the transition must not share a transaction, because an earlier try failed and may have caused the failure.</summary>
    public bool Alone { get; } = alone;

    /// <summary>Null when there is no such operation.</summary>
    public OperationSaga? Saga { get; private set; }

    /// <summary>Whether the message has already changed the operation.</summary>
    public bool Seen { get; private set; }

    /// <summary>Why this version cannot read the operation; null when it can. Then there is no <see cref="Saga"/>.</summary>
    public string? Unreadable { get; private set; }

    /// <summary>The changes to write; null when there are none.</summary>
    public OperationChange? Change { get; private set; }

    public Task Loaded => loaded.Task;

    public Task Decided => decided.Task;

    public Task Committed => committed.Task;

    public void Load(LoadedOperation? operation, string? unreadable, DateTimeOffset now)
    {
        Unreadable = unreadable;
        Saga = operation is null ? null : OperationSagas.From(operation, now);
        Seen = operation?.Seen ?? false;
        loaded.TrySetResult();
    }

    public void Decide()
    {
        if (!Seen && Saga is { Decision: { } decision })
            Change = OperationSagas.Change(Saga, decision, MessageId);
        decided.TrySetResult();
    }

    /// <summary>Discards the transition after the state machine failed, so that nothing of it is written.</summary>
    public void Abandon() => decided.TrySetResult();

    public void Commit() => committed.TrySetResult();

    public void Fail(Exception error)
    {
        loaded.TrySetException(error);
        committed.TrySetException(error);
        // The exception of a task that is not awaited must not count as unobserved.
        _ = loaded.Task.Exception;
        _ = committed.Task.Exception;
    }
}
