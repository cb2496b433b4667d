using System.Diagnostics;

namespace Saga.Contracts;

/// <summary>The trace context that is sent with a message, so that an operation is one trace across processes.</summary>
public static class TraceContext
{
    /// <summary>The W3C <c>traceparent</c> of the current activity; null when tracing is off.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;
}
