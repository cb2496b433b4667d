using System.Diagnostics;

namespace Saga.Workers.Runtime;

/// <summary>The activity source of the workers. Names are public.</summary>
public static class WorkersTelemetry
{
    public const string SourceName = "Saga.Workers";

    /// <summary>One attempt of one step, in either direction; tags saga.step, saga.direction, saga.attempt, saga.fence.</summary>
    public const string Step = "saga.step";

    /// <summary>The report of an attempt leaves.</summary>
    public const string Report = "saga.step.report";

    public static ActivitySource Source { get; } = new(SourceName);
}
