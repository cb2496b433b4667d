using Saga.Host.Embedded;
using Saga.Host.Processes;

namespace Saga.Host.Local;

/// <summary>Private RabbitMQ, Redis and S3 servers on 127.0.0.1, for mode <c>local</c>.</summary>
internal sealed class LocalServers : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> running = new();

    /// <summary>The adapters' settings for these servers.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyCollection<IPrivateServer> Servers { get; private set; } = [];

    public static async Task<LocalServers> StartAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        var servers = new LocalServers();
        try
        {
            // In parallel, because the broker takes some seconds.
            await Task.WhenAll(
                servers.RabbitAsync(folder, cancellationToken), servers.RedisAsync(folder, cancellationToken), servers.S3Async(folder, cancellationToken));
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(running.Select(server => server.DisposeAsync().AsTask()));
        running.Clear();
    }

    private async Task RabbitAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        var node = await LocalRabbitMq.StartAsync(folder, cancellationToken);
        Keep(node, node.Servers, KeyValuePair.Create("Saga:Bus:RabbitMq", node.Address));
    }

    private async Task RedisAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        var (server, address) = await LocalRedis.StartAsync(folder, cancellationToken);
        Keep(server, [server], KeyValuePair.Create("Saga:Cache:Redis:ConnectionString", address));
    }

    private async Task S3Async(DataFolder folder, CancellationToken cancellationToken)
    {
        var server = await LocalS3.StartAsync(folder, cancellationToken);
        Keep(server, server.Servers, [.. server.Settings]);
    }

    private void Keep(IAsyncDisposable server, IEnumerable<IPrivateServer> processes, params KeyValuePair<string, string>[] settings)
    {
        lock (running)
        {
            running.Push(server);
            Servers = [.. Servers, .. processes];
            foreach (var (key, value) in settings)
                Settings[key] = value;
        }
    }
}
