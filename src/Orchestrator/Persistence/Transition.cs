using Saga.Orchestrator.Machine;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// One message's way through one operation: loaded under a lock, decided by the state machine, and committed with
/// others of the same moment.
/// </summary>
internal sealed class Transition(Guid operationId, Guid messageId, bool alone)
{
    // Continues on the committer that sets it: deciding takes microseconds, and the committer waits for it anyway.
    private readonly TaskCompletionSource loaded = new();
    private readonly TaskCompletionSource decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Not set on the committer: the next transaction must not wait while messages are sent and acknowledged.
    private readonly TaskCompletionSource committed = new();

    public Guid OperationId { get; } = operationId;

    public Guid MessageId { get; } = messageId;

    /// <summary>Share no transaction: an earlier try failed, and may have been at fault.</summary>
    public bool Alone { get; } = alone;

    /// <summary>Null when there is no such operation.</summary>
    public OperationSaga? Saga { get; private set; }

    /// <summary>The message changed the operation before.</summary>
    public bool Seen { get; private set; }

    /// <summary>Why this version cannot read the operation; null when it can. Then there is no <see cref="Saga"/>.</summary>
    public string? Unreadable { get; private set; }

    /// <summary>What is to be written; null when nothing is.</summary>
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

    /// <summary>The state machine failed: write nothing of this transition.</summary>
    public void Abandon() => decided.TrySetResult();

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
