using Microsoft.Extensions.Options;
using Saga.Registry.Connections;

namespace Saga.Workers.Database.Servers;

/// <summary>The connections that this process opens with tenants' logins. It knows only the names of the servers; the processes that administer them know their identity.</summary>
internal sealed class VerifiedServerBudgets(ConnectionStore connections, IOptions<ConnectionBudgetOptions> options) : IServerBudgets
{
    public async Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await connections.ServerNamesAsync(cancellationToken)).Select(name => new ServerBudget(ConfiguredServerBudgets.Section(name), options.Value.MaxConnectionsPerServer))];
}
