using System.Diagnostics;
using Saga.Contracts.Steps;

namespace Saga.Workers.Runtime;

/// <summary>The activity source of the workers. Names are public.</summary>
public static class WorkersTelemetry
{
    public const string SourceName = "Saga.Workers";

    /// <summary>One attempt of one step, in either direction; tags saga.step, saga.direction, saga.attempt, saga.fence.</summary>
    public const string Step = "saga.step";

    /// <summary>The sending of an attempt's report.</summary>
    public const string Report = "saga.step.report";

    public static ActivitySource Source { get; } = new(SourceName);

    // Tags are set at the start, so that samplers and listeners can use them.
    internal static Activity? StartStep(StepCommand command) => !Source.HasListeners() ? null : Source.StartActivity(
        ActivityKind.Internal, name: Step,
        tags:
        [
            new("saga.step", command.Step), new("saga.direction", command.GetType().Name), new("saga.attempt", command.Attempt),
            new("saga.fence", command.Fence), new("saga.operation", command.OperationId), new("saga.tenant", command.TenantId?.ToString()),
        ]);

    internal static Activity? StartReport(StepReport report) => !Source.HasListeners() ? null : Source.StartActivity(
        ActivityKind.Internal, name: Report, tags: [new("saga.step", report.Step), new("saga.operation", report.OperationId)]);
}
