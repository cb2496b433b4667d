using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
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
        catch (RedisServerException error)
        {
            throw Translate(error.Message, error);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            // At its limit of clients the server says so and hangs up: the client wraps its words.
            if (error.ToString().Contains("max number of clients", StringComparison.OrdinalIgnoreCase))
                throw Translate("ERR max number of clients reached", error);
            // The client's own words go on with its inner state; the first sentence is enough.
            throw new CacheException("redis-unavailable", $"Redis does not answer: {error.Message.Split(';', '\n')[0]}", FailureKind.Outage, error);
        }
    }

    public void Dispose()
    {
        connection?.Dispose();
        opening.Dispose();
    }

    private static CacheException Translate(string reply, Exception cause)
    {
        var kind = FailureKinds.OfRedis(reply);
        return kind switch
        {
            FailureKind.Outage => new("redis-unavailable", $"Redis does not answer: {reply}", kind, cause),
            FailureKind.Overload => new("redis-busy", $"Redis has too much to do: {reply}", kind, cause),
            FailureKind.Transient => new("redis-failed", $"Redis did not do it: {reply}", kind, cause),
            _ when reply.StartsWith("NOPERM", StringComparison.Ordinal) || reply.StartsWith("NOAUTH", StringComparison.Ordinal) =>
                new("redis-access-denied", $"Redis refused: {reply}", kind, cause),
            _ => new("redis-refused", $"Redis refused: {reply}", kind, cause),
        };
    }

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
