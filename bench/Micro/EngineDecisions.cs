using BenchmarkDotNet.Attributes;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Provision;

namespace Saga.Bench.Micro;

/// <summary>Engine decisions for one event of a provisioning.</summary>
[MemoryDiagnoser]
public class EngineDecisions
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkflowDefinition Workflow = ProvisionWorkflow.Definition;

    private readonly OperationEngine engine = new(() => 0.5);
    private readonly Progress accepted = new(OperationState.Accepted, StepRun.InOrder(Workflow, []), null);
    private readonly StepSucceeded report;
    private readonly StepSucceeded late;
    private readonly Progress running;

    public EngineDecisions()
    {
        running = engine.Start(Workflow, accepted, Now).After;
        var first = running.Steps.Single(s => s.Status == StepStatus.Running);
        report = new StepSucceeded { OperationId = Guid.Empty, Step = first.Name, Fence = first.Fence };
        late = report with { Fence = first.Fence - 1 };
    }

    [Benchmark]
    public Decision Start() => engine.Start(Workflow, accepted, Now);

    /// <summary>The report that starts five steps.</summary>
    [Benchmark]
    public Decision Succeed() => engine.Succeed(Workflow, running, Now, report);

    [Benchmark]
    public Decision Ignore() => engine.Succeed(Workflow, running, Now, late);
}
