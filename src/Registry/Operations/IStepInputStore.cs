namespace Saga.Registry.Operations;

/// <summary>Reads the inputs of steps. Part of the engine's port. Thread-safe.</summary>
public interface IStepInputStore
{
    /// <param name="operation">The step's operation.</param>
    /// <param name="needs">The steps whose outputs are needed, by their current names; the workflow may use earlier names.</param>
    /// <param name="command">Whether the command is needed.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    Task<StepInputs> ReadAsync(Guid operation, IReadOnlyList<string> needs, bool command, CancellationToken cancellationToken);
}
