using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Database.Servers;

/// <summary>The connection budgets of this process, one for each database server, shared by all code that opens connections. Thread-safe.</summary>
internal sealed class ConnectionBudgets : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, ServerConnections> servers = new(StringComparer.Ordinal);
    private readonly int budget;
    private readonly TimeProvider time;
    private readonly ITimer timer;

    public ConnectionBudgets(IOptions<ConnectionBudgetOptions> options, TimeProvider time)
    {
        budget = options.Value.MaxConnectionsPerServer;
        this.time = time;
        timer = time.CreateTimer(_ => CloseOld(), null, Look, Look);
    }

    public ServerConnections Of(string server) => servers.GetOrAdd(server, _ => new ServerConnections(budget, time));

    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        foreach (var server in servers.Values)
            await server.DisposeAsync();
    }

    private void CloseOld()
    {
        foreach (var server in servers.Values)
            _ = server.CloseOldAsync();
    }
}
