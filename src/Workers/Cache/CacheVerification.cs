using System.Text;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Cache;

/// <summary>Uses the cache like a product service. If the tenant has its own credentials, verifies that they reach only its keys.</summary>
internal sealed class CacheVerification(ICacheStore store, TenantCredentials credentials, CacheSignInCheck signIn, IOptions<CacheOptions> options) : IVerification
{
    public string Name => "cache";

    public string? System(Tenant tenant) => SystemNames.Redis;

    public async Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            await ProbeAsync(store.For(context.TenantId), store.For(new TenantId(Guid.CreateVersion7())), CacheKey.Parse($"saga-probe:{Guid.NewGuid():n}"), cancellationToken);
            if (options.Value.Adapter == CacheOptions.RedisAdapter)
            {
                var credential = await credentials.FindAsync(context.TenantId, CredentialPurposes.Cache, cancellationToken)
                    ?? throw CacheSignInCheck.Broken("the registry has no credentials for it");
                await signIn.RunAsync(context.TenantId, credential, cancellationToken);
            }
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }
    }

    private static async Task ProbeAsync(ITenantCache cache, ITenantCache other, CacheKey key, CancellationToken cancellationToken)
    {
        await cache.SetAsync(key, "probe"u8.ToArray(), CacheSignInCheck.ProbeLife, cancellationToken);
        if (await cache.GetAsync(key, cancellationToken) is not { } back || Encoding.UTF8.GetString(back) != "probe")
            throw CacheSignInCheck.Broken("an entry read back differs from the value written");
        if (await other.GetAsync(key, cancellationToken) is not null)
            throw CacheSignInCheck.Broken("an entry can be read by another tenant");
        if (!await cache.DeleteAsync(key, cancellationToken))
            throw CacheSignInCheck.Broken("an entry was gone before it was deleted");
    }
}
