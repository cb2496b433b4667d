using Saga.Host.Embedded;

namespace Saga.Host.Local;

/// <summary>RabbitMQ, Redis and an S3 server of our own on 127.0.0.1, for mode <c>local</c>.</summary>
internal sealed class LocalServers : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> running = new();

    /// <summary>What the adapters need to reach the servers.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static async Task<LocalServers> StartAsync(DataFolder folder, CancellationToken cancellation)
    {
        var servers = new LocalServers();
        try
        {
            // Together: the broker takes some seconds.
            await Task.WhenAll(
                servers.RabbitAsync(folder, cancellation), servers.RedisAsync(folder, cancellation), servers.S3Async(folder, cancellation));
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

    private async Task RabbitAsync(DataFolder folder, CancellationToken cancellation)
    {
        var node = await LocalRabbitMq.StartAsync(folder, cancellation);
        Keep(node, KeyValuePair.Create("Saga:Bus:RabbitMq", node.Address));
    }

    private async Task RedisAsync(DataFolder folder, CancellationToken cancellation)
    {
        var (server, address) = await LocalRedis.StartAsync(folder, cancellation);
        Keep(server, KeyValuePair.Create("Saga:Cache:Redis:ConnectionString", address));
    }

    private async Task S3Async(DataFolder folder, CancellationToken cancellation)
    {
        var server = await LocalS3.StartAsync(folder, cancellation);
        Keep(server, [.. server.Settings]);
    }

    private void Keep(IAsyncDisposable server, params KeyValuePair<string, string>[] settings)
    {
        lock (running)
        {
            running.Push(server);
            foreach (var (key, value) in settings)
                Settings[key] = value;
        }
    }
}
