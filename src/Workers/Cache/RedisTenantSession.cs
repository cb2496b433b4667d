using Saga.Contracts.Failures;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using StackExchange.Redis;

namespace Saga.Workers.Cache;

/// <summary>A short-lived connection that is signed in with a tenant's own credentials, like a product service.</summary>
internal sealed class RedisTenantSession : IAsyncDisposable
{
    private readonly ConnectionMultiplexer connection;
    private readonly TimeSpan limit;

    private RedisTenantSession(ConnectionMultiplexer connection, TimeSpan limit) => (this.connection, this.limit) = (connection, limit);

    /// <summary>Redis may treat the connection as its default user instead: check with <see cref="RedisSignIn.UserAsync"/>.</summary>
    /// <exception cref="CacheException">The server cannot be reached, or refuses the credential.</exception>
    public static async Task<RedisTenantSession> OpenAsync(RedisOptions options, Credential credential, CancellationToken cancellationToken)
    {
        var patience = TimeSpan.FromSeconds(options.TimeoutSeconds);
        var server = ConfigurationOptions.Parse(options.ConnectionString);
        server.User = credential.Username;
        server.Password = credential.Password;
        server.AbortOnConnectFail = true;
        server.ConnectRetry = 0;
        server.ConnectTimeout = (int)patience.TotalMilliseconds;
        // Without it the client itself would refuse commands that the server should refuse.
        server.AllowAdmin = true;
        // The tenant's user may neither read the client's tie-breaker key nor subscribe to its channel.
        server.TieBreaker = "";
        server.ConfigurationChannel = "";
        return new RedisTenantSession(await GuardAsync(() => ConnectAsync(server, cancellationToken), credential.Username), patience);
    }

    /// <exception cref="CacheException">The connection broke, or the answer took too long.</exception>
    /// <exception cref="RedisServerException">The server refused the command, and would refuse it again.</exception>
    public Task<T> AskAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken) =>
        GuardAsync(() => call(connection.GetDatabase()).WaitAsync(limit, TimeProvider.System, cancellationToken), user: null);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static async Task<ConnectionMultiplexer> ConnectAsync(ConfigurationOptions server, CancellationToken cancellationToken)
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(server);
        try
        {
            return await connecting.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Nobody else would close a connection that opens after the caller has given up.
            _ = connecting.ContinueWith(late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private static async Task<T> GuardAsync<T>(Func<Task<T>> call, string? user)
    {
        try
        {
            return await call();
        }
        catch (RedisConnectionException error) when (RedisFailures.IsSignInRefused(error))
        {
            throw new CacheException("redis-sign-in-refused", $"Redis refused the tenant's user '{user}'.", FailureKind.Permanent, error);
        }
        catch (RedisServerException error) when (FailureKinds.OfRedis(error.Message) == FailureKind.Permanent)
        {
            throw;
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            throw RedisFailures.Translate(error);
        }
    }
}
