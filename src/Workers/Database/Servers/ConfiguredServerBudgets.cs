using Microsoft.Extensions.Options;
using Saga.Registry.Connections;

namespace Saga.Workers.Database.Servers;

/// <summary>The connections of this process to the servers that it is an administrator of.</summary>
internal sealed class ConfiguredServerBudgets(DatabaseServers servers, IOptions<ConnectionBudgetOptions> options) : IServerBudgets
{
    public static string Section(string server) => $"{DatabasesOptions.Section}:{nameof(DatabasesOptions.Servers)}:{server}";

    public Task<IReadOnlyList<ServerBudget>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ServerBudget>>(
        [.. servers.Names.Select(name => new ServerBudget(Section(name), options.Value.MaxConnectionsPerServer, token => IdentifyAsync(name, token)))]);

    private async Task<ServerIdentity> IdentifyAsync(string name, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(name, DatabaseServers.Maintenance, cancellationToken);
        return await session.IdentifyAsync(cancellationToken);
    }
}
