using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Verify;

/// <summary>One step, whose output is the result. A tenant that fails its verification does not fail the step, so nothing is ever undone.</summary>
public static class VerifyWorkflow
{
    public const string Kind = "verify";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        // From the third attempt on, the step reports what may pass as well.
        Steps = [new() { Name = StepNames.CheckTenant, Worker = WorkerNames.Verification, AttemptTimeout = TimeSpan.FromMinutes(2) }],
    }.Validated();
}
