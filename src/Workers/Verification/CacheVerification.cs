using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Cache;
using Saga.Workers.Runtime;
using System.Text;

namespace Saga.Workers.Verification;

/// <summary>Uses the cache as a service would, and with the tenant's own credentials where it has some: its keys only.</summary>
internal sealed class CacheVerification(ICacheStore store, CredentialStore credentials, IOptions<CacheOptions> options) : IVerification
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
            throw Broken("an entry does not come back as it was set");
        if (await other.GetAsync(key, cancellationToken) is not null)
            throw Broken("an entry can be read by another tenant");
        if (!await cache.DeleteAsync(key, cancellationToken))
            throw Broken("an entry was gone before it was deleted");
    }

    private async Task SignInAsync(TenantId tenant, TenantId other, CacheKey key, CancellationToken cancellationToken)
    {
        var credential = await credentials.FindAsync(tenant, CredentialPurposes.Cache, cancellationToken)
            ?? throw Broken("the registry holds no credentials for it");
        await using var session = await RedisSession.OpenAsync(options.Value.Redis, credential, cancellationToken);
        var (own, foreign) = (CacheKey.Prefix(tenant) + key, CacheKey.Prefix(other) + key);
        await RequireAsync(session, "OK", ["SET", own, "probe", "PX", "60000"], cancellationToken);
        await RequireAsync(session, "probe", ["GET", own], cancellationToken);
        await RequireAsync(session, "1", ["DEL", own], cancellationToken);
        await RefusedAsync(session, ["GET", foreign], cancellationToken);
        await RefusedAsync(session, ["SET", foreign, "probe", "PX", "1"], cancellationToken);
        await RefusedAsync(session, ["KEYS", "*"], cancellationToken);
        await RefusedAsync(session, ["SUBSCRIBE", foreign], cancellationToken);
        await RefusedAsync(session, ["ACL", "LIST"], cancellationToken);
    }

    private static async Task RequireAsync(RedisSession session, string expected, string[] command, CancellationToken cancellationToken)
    {
        var reply = await session.SendAsync(command, cancellationToken);
        if (reply.IsError || reply.Text != expected)
            throw Broken($"{command[0]} of its own key as its own user is answered '{reply.Text}'");
    }

    private static async Task RefusedAsync(RedisSession session, string[] command, CancellationToken cancellationToken)
    {
        var reply = await session.SendAsync(command, cancellationToken);
        if (!reply.IsError || reply.Text?.StartsWith("NOPERM", StringComparison.Ordinal) != true)
            throw Broken($"{command[0]} beyond its keys as its own user is not refused");
    }

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "cache-not-isolated", $"The tenant's cache is not as it must be: {what}.", "Replay from the step 'cache', which sets the tenant's user anew.", CacheOptions.RedisAdapter);
}
