using Microsoft.Extensions.Options;
using Saga.Registry.Connections;

namespace Saga.Workers.Database.Servers;

/// <summary>The connections of this process as tenants, to whichever server they are on. Which server a name means, the administrators' processes know.</summary>
internal sealed class VerifiedServerBudgets(ConnectionStore connections, IOptions<ConnectionBudgetOptions> options) : IServerBudgets
{
    public async Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await connections.ServerNamesAsync(cancellationToken)).Select(name => new ServerBudget(ConfiguredServerBudgets.Section(name), options.Value.MaxConnectionsPerServer))];
}
