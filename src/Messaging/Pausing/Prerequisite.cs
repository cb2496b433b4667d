namespace Saga.Messaging.Pausing;

/// <summary>A system that all consumers need. While it is unavailable, nothing is consumed.</summary>
/// <param name="Name">A display name, such as <c>registry</c>.</param>
/// <param name="IsAway">Whether the error means that it is unavailable, so that any message would fail.</param>
/// <param name="IsTransient">Whether the error may be transient, so that a retry is worthwhile.</param>
/// <param name="AnswersAsync">Checks whether it is available. Throws only on cancellation.</param>
public sealed record Prerequisite(
    string Name, Func<Exception, bool> IsAway, Func<Exception, bool> IsTransient, Func<CancellationToken, Task<bool>> AnswersAsync);
