using System.Diagnostics;

namespace Saga.Contracts;

/// <summary>What travels with a message so that an operation is one trace, whichever process goes on with it.</summary>
public static class TraceContext
{
    /// <summary>The W3C <c>traceparent</c> of what runs now; null when nobody traces.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;
}
