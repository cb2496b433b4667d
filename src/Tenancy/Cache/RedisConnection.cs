using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>
/// The platform's connection to Redis. It opens on first use, reconnects by itself, and is used only while it is signed in as the
/// configured user. Thread-safe.
/// </summary>
public sealed class RedisConnection(IOptions<CacheOptions> options) : IDisposable
{
    private readonly RedisOptions options = options.Value.Redis;
    private readonly SemaphoreSlim opening = new(1, 1);
    private volatile SignedIn? current;

    /// <summary>Runs one call within the configured time limit.</summary>
    /// <exception cref="CacheException">The call failed.</exception>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = (current is { IsChecked: true } open ? open : await OpenAsync(cancellationToken)).Database;
            // The client checks for timed-out calls only once a second, and does not accept a cancellation token.
            return await call(database).WaitAsync(TimeSpan.FromSeconds(options.TimeoutSeconds), TimeProvider.System, cancellationToken);
        }
        catch (RedisConnectionException error) when (RedisFailures.IsSignInRefused(error))
        {
            throw Refused("Redis refused the user or the password of Saga:Cache:Redis:ConnectionString.", error);
        }
        catch (Exception error) when (error is RedisException or TimeoutException or ObjectDisposedException)
        {
            throw RedisFailures.Translate(error);
        }
    }

    public void Dispose()
    {
        current?.Multiplexer.Dispose();
        opening.Dispose();
    }

    // The tenant is not at fault, so its step waits until an operator has fixed the server or the setting.
    private static CacheException Refused(string words, Exception? cause = null) =>
        new("redis-sign-in-refused", words, FailureKind.Outage, cause);

    private async Task<SignedIn> OpenAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            var configuration = ConfigurationOptions.Parse(options.ConnectionString);
            current ??= await ConnectAsync(configuration);
            if (!current.IsChecked)
                await CheckAsync(current, configuration, cancellationToken);
            return current;
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task<SignedIn> ConnectAsync(ConfigurationOptions configuration)
    {
        configuration.AbortOnConnectFail = false;
        // CONFIG GET shows whether the server persists its users.
        configuration.AllowAdmin = true;
        // A call that waited for a connection could be sent after its caller gave up, and as another user.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConnectTimeout = options.TimeoutSeconds * 1000;
        return new SignedIn(await ConnectionMultiplexer.ConnectAsync(configuration));
    }

    private async Task CheckAsync(SignedIn connection, ConfigurationOptions configuration, CancellationToken cancellationToken)
    {
        var asked = connection.Generation;
        var problem = await ProblemAsync(connection.Database, configuration)
            .WaitAsync(TimeSpan.FromSeconds(options.TimeoutSeconds), TimeProvider.System, cancellationToken);
        if (problem is not null)
        {
            // The next call signs in again on a new connection.
            current = null;
            await connection.Multiplexer.DisposeAsync();
            throw Refused(problem);
        }

        connection.CheckedGeneration = asked;
    }

    private static async Task<string?> ProblemAsync(IDatabase database, ConfigurationOptions configuration)
    {
        var expected = string.IsNullOrEmpty(configuration.User) ? RedisSignIn.DefaultUser : configuration.User;
        if (expected != RedisSignIn.DefaultUser)
        {
            return await RedisSignIn.UserAsync(database) switch
            {
                { } user when user == expected => null,
                { } user => $"Redis refused the user '{expected}' or its password, and treats the connection as its user '{user}', who needs no password.",
                null => $"Redis does not say whether the connection belongs to '{expected}': that user needs '+acl|whoami'.",
            };
        }

        return !string.IsNullOrEmpty(configuration.Password) && await RedisSignIn.IsDefaultUserOpenAsync(database) == true
            ? "A password is configured, but Redis requires none: anybody can sign in to it."
            : null;
    }

    private sealed class SignedIn
    {
        private int generation;
        private volatile int checkedGeneration = -1;

        public SignedIn(ConnectionMultiplexer multiplexer)
        {
            Multiplexer = multiplexer;
            Database = multiplexer.GetDatabase();
            // The client signs in again on each new connection. A server that has lost its users treats it as the default user.
            multiplexer.ConnectionFailed += (_, _) => Interlocked.Increment(ref generation);
            multiplexer.ConnectionRestored += (_, _) => Interlocked.Increment(ref generation);
        }

        public ConnectionMultiplexer Multiplexer { get; }

        public IDatabase Database { get; }

        /// <summary>Counts lost and new connections to the server.</summary>
        public int Generation => Volatile.Read(ref generation);

        public int CheckedGeneration { set => checkedGeneration = value; }

        /// <summary>Whether the current connection is known to belong to the configured user.</summary>
        public bool IsChecked => checkedGeneration == Generation;
    }
}
