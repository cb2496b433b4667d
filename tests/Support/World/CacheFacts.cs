using StackExchange.Redis;

namespace Saga.Tests.Support.World;

/// <summary>Users and keys of tenants in Redis.</summary>
internal static class CacheFacts
{
    public static async Task<List<Fact>> ListAsync(string address)
    {
        using var redis = await ConnectionMultiplexer.ConnectAsync(address + ",abortConnect=false,allowAdmin=true,connectRetry=20");
        var database = redis.GetDatabase();
        var facts = new List<Fact>();
        foreach (var user in ((string[])(await database.ExecuteAsync("ACL", "USERS"))!).Where(u => u.StartsWith("t_", StringComparison.Ordinal)))
        {
            var tenant = Guid.ParseExact(user[2..34], "n");
            facts.Add(new Fact(tenant, $"{tenant}: cache user {user}"));
        }

        foreach (var key in (string[])(await database.ExecuteAsync("KEYS", "t:*"))!)
        {
            // The probe of a killed verification expires by itself within a minute.
            if (key.Contains("saga-probe", StringComparison.Ordinal) && (long)await database.ExecuteAsync("PTTL", key) is >= -2 and not -1 and <= 60_000)
                continue;
            var tenant = Guid.Parse(key.Split(':')[1]);
            facts.Add(new Fact(tenant, $"{tenant}: cache key {key}"));
        }

        return facts;
    }
}
