using Npgsql;

namespace Saga.Registry.Connections;

/// <summary>The budget of the registry's pool, which all loops and migrations of a process share.</summary>
internal sealed class RegistryBudget(NpgsqlDataSource registry) : IServerBudgets
{
    public Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ServerBudget>>(
        [new ServerBudget(RegistryOptions.Section, new NpgsqlConnectionStringBuilder(registry.ConnectionString).MaxPoolSize, IdentifyAsync)]);

    private async Task<ServerIdentity> IdentifyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await ServerIdentity.ReadAsync(connection, cancellationToken);
    }
}
