using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Sealing;
using StackExchange.Redis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Saga.Workers.Cache;

/// <summary>Creates a Redis user per tenant that can access only the tenant's keys and channels.</summary>
internal sealed class RedisCacheProvisioner(RedisConnection redis, IOptions<CacheOptions> options) : ICacheProvisioner
{
    private const int Page = 100;

    public TimeSpan LingersFor => TimeSpan.FromSeconds(options.Value.Redis.LingersForSeconds);

    public string System => CacheOptions.RedisAdapter;

    public string User(TenantId tenant) => $"t_{tenant.Compact}";

    public async Task<ProvisionedCache> ProvisionAsync(TenantId tenant, Credential? credential, Guid installation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credential);
        var space = CacheKey.Prefix(tenant);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(credential.Password)));
        // SETUSER adds to existing rules, so the rules start with a reset.
        object[] rules = ["SETUSER", credential.Username, .. RedisUserRules.Of(tenant, digest, installation)];
        await ChangeAsync(d => d.ExecuteAsync("ACL", rules), cancellationToken);
        return new ProvisionedCache(space, credential.Username, await SaveAsync(cancellationToken));
    }

    public async IAsyncEnumerable<IReadOnlyList<ListedCache>> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var users = (string[])(await redis.RunAsync(d => d.ExecuteAsync("ACL", "USERS"), cancellationToken))!;
        foreach (var some in users.Where(u => RedisUserRules.TenantOf(u) is not null).Chunk(Page))
        {
            // In one pipeline, whose answers come together.
            var answers = await redis.RunAsync(d => Task.WhenAll(some.Select(user => d.ExecuteAsync("ACL", "GETUSER", user))), cancellationToken);
            yield return [.. some.Zip(answers).Where(u => !u.Second.IsNull).Select(u => Describe(u.First, u.Second.ToDictionary()))];
        }
    }

    private static ListedCache Describe(string user, Dictionary<string, RedisResult> rules)
    {
        var selectors = rules.TryGetValue("selectors", out var given) && !given.IsNull ? (RedisResult[])given! : [];
        return new(RedisUserRules.TenantOf(user)!.Value)
        {
            User = user,
            IsEnabled = ((string[])rules["flags"]!).Contains("on", StringComparer.Ordinal),
            Keys = (string?)rules["keys"] ?? "",
            Installation = RedisUserRules.InstallationIn(selectors.Select(s => (string?)s.ToDictionary()["keys"] ?? "")),
        };
    }

    public async Task<ListedCache?> FindAsync(string user, CancellationToken cancellationToken)
    {
        if (RedisUserRules.TenantOf(user) is null)
            return null;
        var found = await redis.RunAsync(d => d.ExecuteAsync("ACL", "GETUSER", user), cancellationToken);
        return found.IsNull ? null : Describe(user, found.ToDictionary());
    }

    public async Task<bool> SwitchAsync(string user, bool on, CancellationToken cancellationToken)
    {
        if (!await SetAsync(user, on, cancellationToken))
            return false;
        await SaveAsync(cancellationToken);
        return true;
    }

    public async Task DisableAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var changed = false;
        foreach (var user in CredentialNames.Both(User(tenant)))
            changed |= await SetAsync(user, on: false, cancellationToken);
        if (changed)
            await SaveAsync(cancellationToken);
    }

    // Returns whether there is such a user. SETUSER would create one that is not there.
    private async Task<bool> SetAsync(string user, bool on, CancellationToken cancellationToken)
    {
        if (!await HasUserAsync(user, cancellationToken))
            return false;
        await ChangeAsync(d => d.ExecuteAsync("ACL", "SETUSER", user, on ? "on" : "off"), cancellationToken);
        // A user that is off keeps its open connections.
        if (!on)
            await ChangeAsync(d => d.ExecuteAsync("CLIENT", "KILL", "USER", user), cancellationToken);
        return true;
    }

    public async Task RemoveUserAsync(string user, CancellationToken cancellationToken)
    {
        // Also closes its connections.
        await ChangeAsync(d => d.ExecuteAsync("ACL", "DELUSER", user), cancellationToken);
        await SaveAsync(cancellationToken);
    }

    public async Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<long>? removing = null)
    {
        // Delete the users first: DELUSER also closes their connections, so nothing writes after the deletion.
        object[] users = ["DELUSER", .. CredentialNames.Both(User(tenant))];
        await ChangeAsync(d => d.ExecuteAsync("ACL", users), cancellationToken);
        await SaveAsync(cancellationToken);
        // A pass finds every key that exists during the full pass, so a pass without keys proves that none are left.
        var removed = 0L;
        for (var pass = 1; await UnlinkAsync(tenant, Count, cancellationToken) > 0; pass++)
        {
            if (pass == 10)
            {
                throw new CacheException(
                    "redis-not-empty", $"Keys of '{CacheKey.Prefix(tenant)}' appear as fast as they are deleted: something still writes to them.", FailureKind.Transient);
            }
        }

        void Count(long unlinked)
        {
            removed += unlinked;
            removing?.Invoke(removed);
        }
    }

    public async Task<long> CountAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var count = 0L;
        await foreach (var keys in KeysAsync(tenant, cancellationToken))
            count += keys.Length;
        return count;
    }

    public async Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        foreach (var user in CredentialNames.Both(User(tenant)))
        {
            if (await HasUserAsync(user, cancellationToken))
                return true;
        }

        await foreach (var keys in KeysAsync(tenant, cancellationToken))
        {
            if (keys.Length > 0)
                return true;
        }

        return false;
    }

    private async Task<bool> HasUserAsync(string user, CancellationToken cancellationToken) =>
        !(await redis.RunAsync(d => d.ExecuteAsync("ACL", "GETUSER", user), cancellationToken)).IsNull;

    private async Task<RedisResult> ChangeAsync(Func<IDatabase, Task<RedisResult>> call, CancellationToken cancellationToken)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        return await redis.RunAsync(
            database =>
            {
                // Checked again, because the call may have waited for a connection.
                LeaseGuard.RequireStanding();
                return call(database);
            },
            cancellationToken);
    }

    // Returns how many keys it met: SCAN may tell one twice.
    private async Task<long> UnlinkAsync(TenantId tenant, Action<long> unlinked, CancellationToken cancellationToken)
    {
        var met = 0L;
        await foreach (var keys in KeysAsync(tenant, cancellationToken))
        {
            met += keys.Length;
            if (keys.Length > 0)
                unlinked((long)await ChangeAsync(d => d.ExecuteAsync("UNLINK", [.. keys.Cast<object>()]), cancellationToken));
        }

        return met;
    }

    private async IAsyncEnumerable<RedisKey[]> KeysAsync(
        TenantId tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cursor = "0";
        do
        {
            var at = cursor;
            var page = (RedisResult[])(await redis.RunAsync(
                d => d.ExecuteAsync("SCAN", at, "MATCH", CacheKey.Prefix(tenant) + "*", "COUNT", "1000"), cancellationToken))!;
            yield return (RedisKey[])page[1]!;
            cursor = (string)page[0]!;
        }
        while (cursor != "0");
    }

    // Users exist only in the server's memory unless it was started with an aclfile.
    private async Task<string> SaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            var file = (string[]?)await redis.RunAsync(d => d.ExecuteAsync("CONFIG", "GET", "aclfile"), cancellationToken);
            if (file is not [_, { Length: > 0 }])
                return "until the server restarts: it has no aclfile";
            await ChangeAsync(d => d.ExecuteAsync("ACL", "SAVE"), cancellationToken);
            return "saved in the server's aclfile";
        }
        catch (CacheException error) when (!error.IsTransient)
        {
            return "unknown: the server does not say whether it persists its users";
        }
    }
}
