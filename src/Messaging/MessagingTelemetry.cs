using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Saga.Messaging;

/// <summary>The activity source and the meter of the bus. Names are public.</summary>
public static class MessagingTelemetry
{
    public const string SourceName = "Saga.Messaging";

    /// <summary>One message of a batch, from unpacking to completion; a child of the sender's activity. Tags saga.message, saga.message_id.</summary>
    public const string Receive = "saga.message.receive";

    /// <summary>Messages that became dead letters; tags saga.queue, saga.reason.</summary>
    public const string DeadLettersName = "saga.dead_letters";

    public static ActivitySource Source { get; } = new(SourceName);

    internal static Meter Meter { get; } = new(SourceName);

    internal static Counter<long> DeadLetters { get; } = Meter.CreateCounter<long>(DeadLettersName, "{message}", "Messages that became dead letters.");

    // Continues the trace even if this process does not record it, because the next process may.
    internal static Activity? StartReceive(BatchedMessage message) =>
        Recorded(message) ?? (message.TraceParent is null ? null : new Activity(Receive).SetParentId(message.TraceParent).Start());

    private static Activity? Recorded(BatchedMessage message) => !Source.HasListeners() ? null : Source.StartActivity(
        ActivityKind.Consumer, name: Receive, parentContext: Parent(message),
        tags: [new("saga.message", message.Type), new("saga.message_id", message.Id)]);

    private static ActivityContext Parent(BatchedMessage message) =>
        ActivityContext.TryParse(message.TraceParent, null, isRemote: true, out var parent) ? parent : default;
}
