using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Registry.Outbox;

namespace Saga.Registry.Transitions;

/// <summary>What one message changes in one operation.</summary>
public sealed record OperationChange
{
    public required Guid OperationId { get; init; }

    /// <summary>Recorded in the inbox with the first line of the history. Without a line, the message is not recorded.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>What the operation's own row is to say; null leaves it as it is.</summary>
    public StoredOperation? Row { get; init; }

    public IReadOnlyList<StepChange> Steps { get; init; } = [];

    public IReadOnlyList<HistoryLine> History { get; init; } = [];

    public IReadOnlyList<OutboxMessage> Messages { get; init; } = [];
}

/// <summary>A step as it is to be.</summary>
/// <param name="Step">
/// The step. A fence higher than the stored one opens the row to the worker that the dispatch reaches.
/// </param>
/// <param name="SettledFence">
/// The dispatch whose result this is, if any. The lease under which it came ends; when it is the newest, nothing more may be
/// done under its fence.
/// </param>
public sealed record StepChange(StepRun Step, long? SettledFence);
