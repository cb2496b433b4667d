using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

/// <summary>
/// The platform's connection to Redis: opened on first use, mended by itself, and used only while it is signed in as
/// the configured user. Thread-safe.
/// </summary>
public sealed class RedisConnection(IOptions<CacheOptions> options) : IDisposable
{
    private readonly RedisOptions options = options.Value.Redis;
    private readonly SemaphoreSlim opening = new(1, 1);
    private volatile SignedIn? current;

    /// <summary>Runs one call within the configured time.</summary>
    /// <exception cref="CacheException">It failed.</exception>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = (current is { IsChecked: true } open ? open : await OpenAsync(cancellationToken)).Database;
            // The client looks for calls out of time once a second only, and does not take a cancellation token.
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

    // Nothing is wrong with the tenant: its step waits until an operator has mended the server or the setting.
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
        // CONFIG GET tells whether the server keeps its users.
        configuration.AllowAdmin = true;
        // A call that waited for a connection could leave after its caller gave up, and as another user.
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
            // The next call signs in again, on a connection of its own.
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
                { } user => $"Redis refused the user '{expected}' or its password, and took the connection for its user '{user}', who needs no password.",
                null => $"Redis does not tell whether the connection belongs to '{expected}': that user needs '+acl|whoami'.",
            };
        }

        return !string.IsNullOrEmpty(configuration.Password) && await RedisSignIn.IsDefaultUserOpenAsync(database) == true
            ? "Redis asks for no password although one is configured: anybody may sign in to it."
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
            // The client signs in again on each new connection. A server that lost its users meanwhile takes it for the default one.
            multiplexer.ConnectionFailed += (_, _) => Interlocked.Increment(ref generation);
            multiplexer.ConnectionRestored += (_, _) => Interlocked.Increment(ref generation);
        }

        public ConnectionMultiplexer Multiplexer { get; }

        public IDatabase Database { get; }

        /// <summary>Counts the connections to the server that were lost and made.</summary>
        public int Generation => Volatile.Read(ref generation);

        public int CheckedGeneration { set => checkedGeneration = value; }

        /// <summary>Whether the connection that is open now is known to belong to the configured user.</summary>
        public bool IsChecked => checkedGeneration == Generation;
    }
}
