using System.Text;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using StackExchange.Redis;

namespace Saga.Workers.Cache;

/// <summary>Uses the cache like a product service. If the tenant has its own credentials, verifies that they reach only its keys.</summary>
internal sealed class CacheVerification(ICacheStore store, TenantCredentials credentials, IOptions<CacheOptions> options) : IVerification
{
    private static readonly TimeSpan ProbeLife = TimeSpan.FromMinutes(1);

    public string Name => "cache";

    public string? System(Tenant tenant) => SystemNames.Redis;

    public async Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
    {
        var key = CacheKey.Parse($"saga-probe:{Guid.NewGuid():n}");
        var other = new TenantId(Guid.CreateVersion7());
        try
        {
            await ProbeAsync(store.For(context.TenantId), store.For(other), key, cancellationToken);
            if (options.Value.Adapter == CacheOptions.RedisAdapter)
                await SignInAsync(context.TenantId, other, key, cancellationToken);
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }
    }

    private static async Task ProbeAsync(ITenantCache cache, ITenantCache other, CacheKey key, CancellationToken cancellationToken)
    {
        await cache.SetAsync(key, "probe"u8.ToArray(), ProbeLife, cancellationToken);
        if (await cache.GetAsync(key, cancellationToken) is not { } back || Encoding.UTF8.GetString(back) != "probe")
            throw Broken("an entry read back differs from the value written");
        if (await other.GetAsync(key, cancellationToken) is not null)
            throw Broken("an entry can be read by another tenant");
        if (!await cache.DeleteAsync(key, cancellationToken))
            throw Broken("an entry was gone before it was deleted");
    }

    private async Task SignInAsync(TenantId tenant, TenantId other, CacheKey key, CancellationToken cancellationToken)
    {
        var credential = await credentials.FindAsync(tenant, CredentialPurposes.Cache, cancellationToken)
            ?? throw Broken("the registry has no credentials for it");
        await using var session = await RedisTenantSession.OpenAsync(options.Value.Redis, credential, cancellationToken);
        // A user that may not run ACL WHOAMI was created by an earlier version. The following checks also verify its rights.
        if (await session.AskAsync(RedisSignIn.UserAsync, cancellationToken) is { } user && user != credential.Username)
            throw Broken($"Redis refuses the password of '{credential.Username}', and accepts anybody as '{user}'");
        var (own, foreign) = (CacheKey.Prefix(tenant) + key, CacheKey.Prefix(other) + key);
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

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "cache-not-isolated", $"The tenant's cache failed verification: {what}.", $"Replay from the step '{StepNames.Cache}', which sets up the tenant's user again.", CacheOptions.RedisAdapter);
}
