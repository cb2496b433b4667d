namespace Saga.Messaging.Pausing;

/// <summary>What consumers cannot do without. While it is away, nothing is consumed.</summary>
/// <param name="Name">For people, such as <c>registry</c>.</param>
/// <param name="IsAway">Whether the error says that it is away, so that any message would fail.</param>
/// <param name="IsTransient">Whether the error may pass by itself, so that the message is worth another try.</param>
/// <param name="AnswersAsync">Asks whether it is there. Never throws but for cancellation.</param>
public sealed record Prerequisite(
    string Name, Func<Exception, bool> IsAway, Func<Exception, bool> IsTransient, Func<CancellationToken, Task<bool>> AnswersAsync);
