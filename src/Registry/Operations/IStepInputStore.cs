namespace Saga.Registry.Operations;

/// <summary>Reads the inputs of steps. Part of the engine's port. Thread-safe.</summary>
public interface IStepInputStore
{
    /// <param name="operation">The step's operation.</param>
    /// <param name="needs">The steps whose outputs are needed, by their current names; the workflow may use earlier names.</param>
    /// <param name="command">Whether the command is needed.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    Task<StepInputs> ReadAsync(Guid operation, IReadOnlyList<string> needs, bool command, CancellationToken cancellationToken);

    /// <summary>How the operation's workflow defines one of its steps.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="step">The step's name in the workflow.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>Null when there is no such step.</returns>
    Task<PlannedStep?> FindAsync(Guid operation, string step, CancellationToken cancellationToken);
}
