namespace Saga.Registry.Connections;

/// <summary>
/// What one capability may open connections to. Each that opens any registers one; where two name the same server, they share a
/// budget and the larger one counts.
/// </summary>
public interface IServerBudgets
{
    Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken);
}
