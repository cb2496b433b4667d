using Saga.Contracts.Identifiers;
using Saga.Engine.Replays;
using Saga.Engine.Workflows;

namespace Saga.Registry.Replays;

/// <summary>What became of an order.</summary>
public enum ReplayResult
{
    /// <summary>It is written, or would be: the answer has the plan.</summary>
    Accepted,

    /// <summary>The same caller gave the same order with the same idempotency key before.</summary>
    Repeated,

    /// <summary>The operation has another version, or the order means something else than the plan that it names.</summary>
    Moved,

    /// <summary>The answer says why.</summary>
    Refused,
}

/// <summary>An operation as an order finds it.</summary>
/// <param name="OperationId">The operation.</param>
/// <param name="Result">What became of the order.</param>
/// <param name="Version">The operation's version before the order.</param>
/// <param name="TenantId">Null when it does not concern a single tenant.</param>
/// <param name="Kind">The operation's kind.</param>
/// <param name="Answer">The plan, or why there is none; null for a repeated order and another version.</param>
public sealed record ReplayReading(Guid OperationId, ReplayResult Result, long Version, TenantId? TenantId, string Kind, ReplayAnswer? Answer)
{
    /// <summary>The operation's workflow; null without an answer.</summary>
    public WorkflowDefinition? Workflow { get; init; }
}
