using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using System.Globalization;
using System.Text;

namespace Saga.Tenancy.Cache;

/// <summary>Caches within this process, for the embedded mode. Other processes cannot see them, and they end with this one. Thread-safe.</summary>
public sealed class InProcessCacheStore(TimeProvider clock) : ICacheStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, Dictionary<string, Entry>> tenants = [];
    private int sweepAt = 1024;

    public ITenantCache For(TenantId tenant) => new TenantCache(this, tenant);

    /// <summary>Removes all entries of the tenant.</summary>
    public void Remove(TenantId tenant)
    {
        lock (gate)
            tenants.Remove(tenant);
    }

    /// <summary>How many entries the tenant has.</summary>
    public long Count(TenantId tenant)
    {
        lock (gate)
            return tenants.TryGetValue(tenant, out var entries) ? entries.Values.LongCount(e => e.EndsAt > clock.GetUtcNow()) : 0;
    }

    public bool Any(TenantId tenant)
    {
        lock (gate)
            return tenants.TryGetValue(tenant, out var entries) && entries.Values.Any(e => e.EndsAt > clock.GetUtcNow());
    }

    /// <summary>The tenants that have entries.</summary>
    public IReadOnlyList<TenantId> Tenants()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            return [.. tenants.Where(t => t.Value.Values.Any(e => e.EndsAt > now)).Select(t => t.Key)];
        }
    }

    private T Use<T>(TenantId tenant, Func<Dictionary<string, Entry>, DateTimeOffset, T> use, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (!tenants.TryGetValue(tenant, out var entries))
                tenants[tenant] = entries = new(StringComparer.Ordinal);
            if (entries.Count >= sweepAt)
                Sweep(now);
            return use(entries, now);
        }
    }

    // Expired entries are removed only when there are many, so that the cost is proportional to the writes.
    private void Sweep(DateTimeOffset now)
    {
        foreach (var entries in tenants.Values)
        {
            foreach (var (key, entry) in entries)
            {
                if (entry.EndsAt <= now)
                    entries.Remove(key);
            }
        }

        sweepAt = Math.Max(1024, tenants.Values.Max(e => e.Count) * 2);
    }

    private sealed record Entry(byte[] Value, DateTimeOffset EndsAt);

    private sealed class TenantCache(InProcessCacheStore store, TenantId tenant) : ITenantCache
    {
        public TenantId Tenant { get; } = tenant;

        public Task<byte[]?> GetAsync(CacheKey key, CancellationToken cancellationToken)
        {
            var name = key.ToString();
            return Task.FromResult(store.Use(Tenant, (entries, now) => Live(entries, name, now)?.Value.ToArray(), cancellationToken));
        }

        public Task SetAsync(CacheKey key, ReadOnlyMemory<byte> value, TimeSpan timeToLive, CancellationToken cancellationToken)
        {
            var name = key.ToString();
            Span.Check(timeToLive);
            store.Use(Tenant, (entries, now) => entries[name] = new Entry(value.ToArray(), now + timeToLive), cancellationToken);
            return Task.CompletedTask;
        }

        public Task<bool> DeleteAsync(CacheKey key, CancellationToken cancellationToken)
        {
            var name = key.ToString();
            return Task.FromResult(store.Use(Tenant, (entries, now) => Live(entries, name, now) is not null & entries.Remove(name), cancellationToken));
        }

        public Task<long> CountAsync(CacheKey key, TimeSpan window, CancellationToken cancellationToken)
        {
            var name = key.ToString();
            Span.Check(window);
            return Task.FromResult(store.Use(Tenant, (entries, now) =>
            {
                var known = Live(entries, name, now);
                var count = known is null ? 0 : Number(known.Value);
                entries[name] = new Entry(Encoding.ASCII.GetBytes((count + 1).ToString(CultureInfo.InvariantCulture)), known?.EndsAt ?? now + window);
                return count + 1;
            }, cancellationToken));
        }

        private static Entry? Live(Dictionary<string, Entry> entries, string name, DateTimeOffset now) =>
            entries.TryGetValue(name, out var entry) && entry.EndsAt > now ? entry : null;

        private static long Number(byte[] value) => long.TryParse(value, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new CacheException("cache-not-a-number", "The entry is not a counter.", FailureKind.Permanent);
    }
}
