namespace Saga.Registry.Connections;

/// <summary>
/// The connection budgets of one capability. Each capability that opens connections registers one. If two name the same server, they
/// share a budget and the larger one counts.
/// </summary>
public interface IServerBudgets
{
    Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken);
}
