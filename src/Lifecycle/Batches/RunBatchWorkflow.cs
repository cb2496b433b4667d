using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Batches;

/// <summary>
/// The operation that stands for a batch. It only waits: the batch's runner orders the items, and signals the end. So a batch can be followed,
/// listed and cancelled like every operation, and its commands have a parent.
/// </summary>
public static class RunBatchWorkflow
{
    public const string Kind = "batch";

    public const string Step = "batch.await";

    public const string Signal = "batch-ended";

    /// <summary>How long a batch may take, pauses included.</summary>
    public static readonly TimeSpan AtMost = TimeSpan.FromDays(30);

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Waits,
        Steps = [new() { Name = Step, Wait = new() { For = WaitKind.Signal, Signal = Signal, AtMost = AtMost } }],
    }.Validated();
}
