using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>The sessions of one login in one place of a tenant. Thread-safe.</summary>
/// <param name="tenant">The tenant.</param>
/// <param name="schema">The schema of its place.</param>
/// <param name="epoch">The placement's epoch when the pool was created.</param>
/// <param name="connectionString">Names the login, with its password.</param>
/// <param name="source">Opens the connections; disposed with the pool.</param>
/// <param name="readAt">When the registry was read for it, as a timestamp.</param>
internal sealed class TenantPool(TenantId tenant, string schema, long epoch, string connectionString, NpgsqlDataSource source, long readAt)
{
    private long readAt = readAt;

    public TenantId Tenant { get; } = tenant;

    public string Schema { get; } = schema;

    public long Epoch { get; } = epoch;

    public NpgsqlDataSource Source { get; } = source;

    /// <summary>Whether the tenant may be read on a replica, when the registry was last read.</summary>
    public bool HasReplica { get; set; }

    /// <summary>Whether it is what the registry says now.</summary>
    public bool IsOf(string placeSchema, long placeEpoch, string ownConnectionString) =>
        (Schema, Epoch, connectionString) == (placeSchema, placeEpoch, ownConnectionString);

    /// <summary>Takes it upon the caller to look whether the pool is still the tenant's. Of several callers, one gets to do it.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="age">How long ago the registry must have been read.</param>
    public bool TakeRefresh(TimeProvider time, TimeSpan age)
    {
        var read = Interlocked.Read(ref readAt);
        return time.GetElapsedTime(read) >= age && Interlocked.CompareExchange(ref readAt, time.GetTimestamp(), read) == read;
    }
}
