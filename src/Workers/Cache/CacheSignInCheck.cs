using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using StackExchange.Redis;

namespace Saga.Workers.Cache;

/// <summary>Signs in to Redis as a tenant, uses the tenant's keys, and tries what must be refused. Leaves nothing behind. Thread-safe.</summary>
internal sealed class CacheSignInCheck(IOptions<CacheOptions> options)
{
    public static readonly TimeSpan ProbeLife = TimeSpan.FromMinutes(1);

    /// <exception cref="StepFailureException">The user cannot do what it must, or may do more.</exception>
    /// <exception cref="CacheException">The server cannot be reached, or refuses the credential.</exception>
    public async Task RunAsync(TenantId tenant, Credential credential, CancellationToken cancellationToken)
    {
        var key = CacheKey.Parse($"saga-probe:{Guid.NewGuid():n}");
        await using var session = await RedisTenantSession.OpenAsync(options.Value.Redis, credential, cancellationToken);
        // A user that may not run ACL WHOAMI was created by an earlier version. The following checks also verify its rights.
        if (await session.AskAsync(RedisSignIn.UserAsync, cancellationToken) is { } user && user != credential.Username)
            throw Broken($"Redis refuses the password of '{credential.Username}', and accepts anybody as '{user}'");
        var (own, foreign) = (CacheKey.Prefix(tenant) + key, CacheKey.Prefix(new TenantId(Guid.CreateVersion7())) + key);
        await RequireAsync(session, "SET", async d => await d.StringSetAsync(own, "probe", ProbeLife), cancellationToken);
        await RequireAsync(session, "GET", async d => await d.StringGetAsync(own) == "probe", cancellationToken);
        await RequireAsync(session, "DEL", async d => await d.KeyDeleteAsync(own), cancellationToken);
        await RefusedAsync(session, "GET", d => d.StringGetAsync(foreign), cancellationToken);
        await RefusedAsync(session, "SET", d => d.StringSetAsync(foreign, "probe", TimeSpan.FromMilliseconds(1)), cancellationToken);
        await RefusedAsync(session, "KEYS", d => d.ExecuteAsync("KEYS", "*"), cancellationToken);
        await RefusedAsync(session, "SUBSCRIBE", d => d.Multiplexer.GetSubscriber().SubscribeAsync(RedisChannel.Literal(foreign)), cancellationToken);
        await RefusedAsync(session, "CLIENT TRACKING", d => d.ExecuteAsync("CLIENT", "TRACKING", "ON", "BCAST"), cancellationToken);
        await RefusedAsync(session, "ACL LIST", d => d.ExecuteAsync("ACL", "LIST"), cancellationToken);
    }

    public static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "cache-not-isolated", $"The tenant's cache failed verification: {what}.", $"Replay from the step '{StepNames.Cache}', which sets up the tenant's user again.", CacheOptions.RedisAdapter);

    private static async Task RequireAsync(RedisTenantSession session, string command, Func<IDatabase, Task<bool>> call, CancellationToken cancellationToken)
    {
        try
        {
            if (!await session.AskAsync(call, cancellationToken))
                throw Broken($"{command} of its own key as its own user does not work");
        }
        catch (RedisServerException error)
        {
            throw Broken($"{command} of its own key as its own user fails with '{error.Message}'");
        }
    }

    private static async Task RefusedAsync<T>(RedisTenantSession session, string command, Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            await session.AskAsync(call, cancellationToken);
        }
        catch (RedisServerException error) when (error.IsDenied())
        {
            return;
        }
        catch (RedisServerException)
        {
            // Any other refusal says nothing about the user's rights.
        }

        throw Broken($"{command} outside its keys as its own user is not refused");
    }
}
