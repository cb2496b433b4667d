using Saga.Contracts.Identifiers;
using StackExchange.Redis;

namespace Saga.Tenancy.Cache;

internal sealed class RedisCacheStore(RedisConnection connection) : ICacheStore
{
    public ITenantCache For(TenantId tenant) => new RedisTenantCache(connection, tenant);
}

internal sealed class RedisTenantCache(RedisConnection connection, TenantId tenant) : ITenantCache
{
    // Atomic, because a crash between the two commands would leave a counter without an expiry.
    private const string Count =
        "local n = redis.call('INCR', KEYS[1]) if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n";

    public TenantId Tenant { get; } = tenant;

    public async Task<byte[]?> GetAsync(CacheKey key, CancellationToken cancellationToken)
    {
        var name = key.In(Tenant);
        return await connection.RunAsync(d => d.StringGetAsync(name), cancellationToken);
    }

    public Task SetAsync(CacheKey key, ReadOnlyMemory<byte> value, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var name = key.In(Tenant);
        Span.Check(timeToLive);
        return connection.RunAsync(d => d.StringSetAsync(name, value.ToArray(), timeToLive), cancellationToken);
    }

    public Task<bool> DeleteAsync(CacheKey key, CancellationToken cancellationToken)
    {
        var name = key.In(Tenant);
        return connection.RunAsync(d => d.KeyDeleteAsync(name), cancellationToken);
    }

    public async Task<long> CountAsync(CacheKey key, TimeSpan window, CancellationToken cancellationToken)
    {
        var name = key.In(Tenant);
        Span.Check(window);
        return (long)await connection.RunAsync(
            d => d.ScriptEvaluateAsync(Count, [name], [(RedisValue)(long)window.TotalMilliseconds]), cancellationToken);
    }
}

internal static class Span
{
    public static void Check(TimeSpan span) =>
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.FromMilliseconds(1), nameof(span));
}
