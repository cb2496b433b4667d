using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>The platform's connection to Redis: opened on first use, mended by itself. Thread-safe.</summary>
public sealed class RedisConnection(IOptions<CacheOptions> options) : IDisposable
{
    private readonly RedisOptions options = options.Value.Redis;
    private readonly SemaphoreSlim opening = new(1, 1);
    private ConnectionMultiplexer? connection;

    /// <summary>Runs one call within the configured time.</summary>
    /// <exception cref="CacheException">It failed.</exception>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = (connection ?? await OpenAsync(cancellationToken)).GetDatabase();
            // This client has no time limit of its own for calls that wait for an answer.
            return await call(database).WaitAsync(TimeSpan.FromSeconds(options.TimeoutSeconds), TimeProvider.System, cancellationToken);
        }
        catch (RedisServerException error) when (!IsTransient(error.Message))
        {
            throw new CacheException(
                error.Message.StartsWith("NOPERM", StringComparison.Ordinal) || error.Message.StartsWith("NOAUTH", StringComparison.Ordinal) ? "redis-access-denied" : "redis-refused",
                $"Redis refused: {error.Message}", transient: false, error);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            // The client's own words go on with its inner state; the first sentence is enough.
            throw new CacheException("redis-unavailable", $"Redis does not answer: {error.Message.Split(';', '\n')[0]}", transient: true, error);
        }
    }

    public void Dispose()
    {
        connection?.Dispose();
        opening.Dispose();
    }

    // A server that loads its data, or follows another now, is a server that is not there now.
    private static bool IsTransient(string message) =>
        new[] { "LOADING", "READONLY", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "OOM", "MISCONF" }
            .Any(c => message.StartsWith(c, StringComparison.Ordinal));

    private async Task<ConnectionMultiplexer> OpenAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            if (connection is null)
            {
                var configuration = ConfigurationOptions.Parse(options.ConnectionString);
                configuration.AbortOnConnectFail = false;
                // CONFIG GET tells whether the server keeps its users.
                configuration.AllowAdmin = true;
                configuration.ConnectTimeout = options.TimeoutSeconds * 1000;
                connection = await ConnectionMultiplexer.ConnectAsync(configuration);
            }

            return connection;
        }
        finally
        {
            opening.Release();
        }
    }
}
