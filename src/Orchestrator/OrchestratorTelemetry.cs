using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Saga.Orchestrator;

/// <summary>The activity source and the meter of the orchestrator. Names are public.</summary>
public static class OrchestratorTelemetry
{
    public const string SourceName = "Saga.Orchestrator";

    /// <summary>One transaction of one or more transitions.</summary>
    public const string Commit = "saga.transition.commit";

    /// <summary>The sending of one message from the outbox.</summary>
    public const string Publish = "saga.outbox.publish";

    /// <summary>Operations that this version cannot read now; tag saga.reason, which names the unknown value.</summary>
    public const string UnreadableName = "saga.operations.unreadable";

    /// <summary>Messages for operations that this version cannot read.</summary>
    public const string UnreadableMessagesName = "saga.operations.unreadable_messages";

    public static ActivitySource Source { get; } = new(SourceName);

    internal static Meter Meter { get; } = new(SourceName);

    internal static Counter<long> UnreadableMessages { get; } = Meter.CreateCounter<long>(UnreadableMessagesName, "{message}", "Messages for operations that this version cannot read.");
}
