using Saga.Engine.Waits;

namespace Saga.Registry.Waits;

/// <summary>
/// Stores answers to steps that wait, and has their operations woken. The wake-up is a due time, so it survives the loss of every
/// process. Thread-safe; any number may answer, and one of them wins.
/// </summary>
public interface IWaitStore
{
    /// <summary>
    /// Stores the answer, its history line and its audit line in one transaction. <see cref="WaitAnswer.At"/> is replaced by the
    /// registry's time.
    /// </summary>
    /// <returns>What was found; null when there is no such operation. Only <see cref="WaitMatch.Found"/> means that something was written.</returns>
    Task<WaitMatch?> AnswerAsync(Guid operation, WaitRequest request, CancellationToken cancellationToken);
}
