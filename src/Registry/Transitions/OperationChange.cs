using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Registry.Outbox;

namespace Saga.Registry.Transitions;

/// <summary>The changes that one message makes to one operation.</summary>
public sealed record OperationChange
{
    public required Guid OperationId { get; init; }

    /// <summary>The message's id, recorded in the inbox with the first history line. Without a line, it is not recorded.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The new contents of the operation's own row; null leaves it unchanged.</summary>
    public StoredOperation? Row { get; init; }

    public IReadOnlyList<StepChange> Steps { get; init; } = [];

    public IReadOnlyList<HistoryLine> History { get; init; } = [];

    public IReadOnlyList<OutboxMessage> Messages { get; init; } = [];
}

/// <summary>The new state of a step.</summary>
/// <param name="Step">
/// The step. A fencing token higher than the stored one allows the worker of that dispatch to take the lease.
/// </param>
/// <param name="SettledFence">
/// The dispatch whose result this is, if any. Its lease ends. If it is the newest dispatch, nothing more may be done under its
/// fencing token.
/// </param>
public sealed record StepChange(StepRun Step, long? SettledFence);
