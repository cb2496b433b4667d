using Saga.Contracts.Steps;

namespace Saga.Registry.Transitions;

/// <summary>The operations that some version of the orchestrator could not read. Part of the engine's port. Thread-safe.</summary>
public interface IUnreadableOperationStore
{
    /// <summary>
    /// Retries all postponed operations. Those that this version can read become due now and are removed, because an older version may
    /// have postponed them.
    /// </summary>
    /// <returns>The remaining ones, and the reasons.</returns>
    Task<IReadOnlyDictionary<Guid, string>> TryAgainAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Puts a report for such an operation into the outbox again, soon at first and less often later, until a version that can read the
    /// operation receives it. The report gets a new id, because the row of the first one may be about to be deleted. A duplicate report
    /// changes nothing.
    /// </summary>
    /// <returns>False if no version has read the operation for an hour.</returns>
    Task<bool> PutBackAsync(StepReport report, string? traceParent, CancellationToken cancellationToken);
}
