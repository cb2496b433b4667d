using System.Diagnostics;

namespace Saga.Orchestrator;

/// <summary>The activity source of the orchestrator. Names are public.</summary>
public static class OrchestratorTelemetry
{
    public const string SourceName = "Saga.Orchestrator";

    /// <summary>One transaction of one or more transitions.</summary>
    public const string Commit = "saga.transition.commit";

    /// <summary>One message leaves the outbox.</summary>
    public const string Publish = "saga.outbox.publish";

    public static ActivitySource Source { get; } = new(SourceName);
}
