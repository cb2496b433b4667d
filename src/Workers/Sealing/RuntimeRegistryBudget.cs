using Microsoft.Extensions.Options;
using Saga.Registry.Connections;
using Saga.Tenancy.Runtime;

namespace Saga.Workers.Sealing;

/// <summary>The connections of a worker that reads what runtimes read by a connection string of its own.</summary>
internal sealed class RuntimeRegistryBudget(RuntimeRegistry registry, IOptions<RuntimeRegistryOptions> options) : IServerBudgets
{
    public Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ServerBudget>>([new ServerBudget(RuntimeRegistryOptions.Section, options.Value.MaxConnections, IdentifyAsync)]);

    private async Task<ServerIdentity> IdentifyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenAsync(cancellationToken);
        return await ServerIdentity.ReadAsync(connection, cancellationToken);
    }
}
