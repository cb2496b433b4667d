using Saga.Tenancy.Cache;
using StackExchange.Redis;

namespace Saga.Workers.Cache;

/// <summary>
/// Brings the commands of tenants' Redis users that an earlier version created up to date, and closes their connections, which may have
/// turned on what they are no longer allowed. Idempotent; any number of processes may run it.
/// </summary>
internal sealed class RedisUserUpdate(RedisConnection redis)
{
    /// <returns>How many users were changed.</returns>
    /// <exception cref="CacheException">The server does not answer, or refuses.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var users = (string[])(await redis.RunAsync(d => d.ExecuteAsync("ACL", "USERS"), cancellationToken))!;
        var changed = 0;
        foreach (var user in users.Where(u => RedisUserRules.TenantOf(u) is not null))
        {
            if (await MayTrackAsync(user, cancellationToken))
            {
                await UpdateAsync(user, cancellationToken);
                changed++;
            }
            else
            {
                await DeletePowerlessAsync(user, cancellationToken);
            }
        }

        if (changed > 0)
            await SaveAsync(cancellationToken);
        return changed;
    }

    private async Task<bool> MayTrackAsync(string user, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await redis.RunAsync(d => d.ExecuteAsync("ACL", "DRYRUN", user, "CLIENT", "TRACKING", "ON"), cancellationToken);
            return (string?)reply == "OK";
        }
        catch (CacheException error) when (!error.IsTransient && error.InnerException is RedisServerException refusal && !refusal.IsDenied())
        {
            // The user was deleted meanwhile.
            return false;
        }
    }

    private async Task UpdateAsync(string user, CancellationToken cancellationToken)
    {
        object[] rules = ["SETUSER", user, .. RedisUserRules.Commands];
        await redis.RunAsync(d => d.ExecuteAsync("ACL", rules), cancellationToken);
        await DeletePowerlessAsync(user, cancellationToken);
        await redis.RunAsync(d => d.ExecuteAsync("CLIENT", "KILL", "USER", user), cancellationToken);
    }

    // SETUSER creates a user that a compensation has deleted meanwhile, without a password and switched off. Provisioning never does.
    private async Task DeletePowerlessAsync(string user, CancellationToken cancellationToken)
    {
        var found = await redis.RunAsync(d => d.ExecuteAsync("ACL", "GETUSER", user), cancellationToken);
        if (found.IsNull)
            return;
        var properties = found.ToDictionary();
        if (((string[])properties["flags"]!).Contains("off", StringComparer.Ordinal) && properties["passwords"].Length == 0)
            await redis.RunAsync(d => d.ExecuteAsync("ACL", "DELUSER", user), cancellationToken);
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await redis.RunAsync(d => d.ExecuteAsync("ACL", "SAVE"), cancellationToken);
        }
        catch (CacheException error) when (!error.IsTransient)
        {
            // The server has no aclfile. It starts without users then, and each tenant's user is created with the new rules.
        }
    }
}
