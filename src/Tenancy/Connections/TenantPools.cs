using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>
/// A limited number of pools, by tenant; the least recently used one is evicted first. An evicted pool closes its idle
/// connections at once and its busy connections when they are returned. Thread-safe.
/// </summary>
internal sealed class TenantPools(int maximum) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, LinkedListNode<TenantPool>> byTenant = [];
    private readonly LinkedList<TenantPool> byUse = [];

    public int Count
    {
        get
        {
            lock (gate)
                return byTenant.Count;
        }
    }

    public TenantPool? Find(TenantId tenant)
    {
        lock (gate)
        {
            if (!byTenant.TryGetValue(tenant, out var node))
                return null;
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value;
        }
    }

    /// <returns>The pool to use: the given one, or one that another caller has added in the meantime.</returns>
    public async Task<TenantPool> AddAsync(TenantPool pool)
    {
        TenantPool? gone = null;
        TenantPool used;
        lock (gate)
        {
            if (byTenant.TryGetValue(pool.Tenant, out var there))
            {
                (used, gone) = (there.Value, pool);
            }
            else
            {
                used = pool;
                byTenant.Add(pool.Tenant, byUse.AddFirst(pool));
                if (byTenant.Count > maximum)
                {
                    gone = byUse.Last!.Value;
                    byUse.RemoveLast();
                    byTenant.Remove(gone.Tenant);
                }
            }
        }

        if (gone is not null)
            await gone.Source.DisposeAsync();
        return used;
    }

    public async Task RemoveAsync(TenantId tenant)
    {
        LinkedListNode<TenantPool>? node;
        lock (gate)
        {
            if (!byTenant.Remove(tenant, out node))
                return;
            byUse.Remove(node);
        }

        await node.Value.Source.DisposeAsync();
    }

    /// <summary>Removes this pool, unless another caller has replaced it already.</summary>
    public async Task RemoveAsync(TenantPool pool)
    {
        lock (gate)
        {
            if (!byTenant.TryGetValue(pool.Tenant, out var node) || node.Value != pool)
                return;
            byTenant.Remove(pool.Tenant);
            byUse.Remove(node);
        }

        await pool.Source.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        List<TenantPool> all;
        lock (gate)
        {
            all = [.. byUse];
            byUse.Clear();
            byTenant.Clear();
        }

        foreach (var pool in all)
            await pool.Source.DisposeAsync();
    }
}
