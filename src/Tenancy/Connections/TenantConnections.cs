using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Runtime;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Connections;

/// <summary>
/// Opens sessions on a tenant's rows with the tenant's own login. Each tenant has one small pool, created on first use. Thread-safe.
/// The sessions know only PostgreSQL's built-in types: cast others, such as enums and extension types, to text in the statement.
/// </summary>
public sealed class TenantConnections : IAsyncDisposable
{
    // A pool may be outdated or evicted each time that it is found.
    private const int Tries = 3;

    private readonly RuntimeRegistry registry;
    private readonly TenantCredentials credentials;
    private readonly TenantConnectionsOptions options;
    private readonly TenantPools pools;
    private readonly TenantPools replicas;
    private readonly TimeProvider time;
    private readonly TimeSpan refresh;

    internal TenantConnections(RuntimeRegistry registry, TenantCredentials credentials, IOptions<TenantConnectionsOptions> options, TimeProvider time)
    {
        (this.registry, this.credentials, this.options, this.time) = (registry, credentials, options.Value, time);
        pools = new TenantPools(options.Value.MaxPools);
        replicas = new TenantPools(options.Value.MaxPools);
        refresh = TimeSpan.FromSeconds(options.Value.RefreshSeconds);
    }

    /// <summary>How many tenants have a pool now.</summary>
    public int Pools => pools.Count;

    /// <summary>Begins a transaction in the tenant's schema, for the tenant.</summary>
    /// <exception cref="TenantUnavailableException">The tenant has no database yet, or no longer has one.</exception>
    /// <exception cref="NpgsqlException">
    /// The database cannot be reached, or refuses the login. The SQLSTATE is <see cref="PlaceStates.Closed"/> while the tenant's place is closed.
    /// </exception>
    public Task<TenantSession> OpenAsync(TenantId tenant, CancellationToken cancellationToken) => OpenAsync(tenant, new(pools, DescribeAsync, IsReadOnly: false), cancellationToken);

    /// <summary>
    /// The same in a read-only transaction, for a tenant with a read replica on that replica. Of several replicas one that answers is used. A replica
    /// shows what was written a moment before: read in <see cref="OpenAsync(TenantId, CancellationToken)"/> what the caller has just written.
    /// </summary>
    /// <exception cref="TenantUnavailableException">The tenant has no database yet, or no longer has one.</exception>
    /// <exception cref="NpgsqlException">
    /// No replica can be reached, or it refuses the login. The SQLSTATE is <see cref="PlaceStates.Closed"/> or <see cref="PlaceStates.Moved"/> also while
    /// the replica has not followed a move of the tenant; the same call succeeds a little later.
    /// </exception>
    public async Task<TenantSession> OpenReadOnlyAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        // The tenant's own pool says whether there is a replica. It opens no connection for that.
        var own = await FindAsync(tenant, pools, DescribeAsync, cancellationToken) ?? (await AddAsync(tenant, pools, DescribeAsync, cancellationToken)).Pool;
        if (own.HasReplica)
        {
            try
            {
                return await OpenAsync(tenant, new(replicas, DescribeReplicasAsync, IsReadOnly: true), cancellationToken);
            }
            catch (TenantUnavailableException)
            {
                // It was turned off since.
                await replicas.RemoveAsync(tenant);
            }
        }

        return await OpenAsync(tenant, new(pools, DescribeAsync, IsReadOnly: true), cancellationToken);
    }

    /// <summary>Closes the tenant's pools. The next use creates others from the registry's current data.</summary>
    public async Task CloseAsync(TenantId tenant)
    {
        await pools.RemoveAsync(tenant);
        await replicas.RemoveAsync(tenant);
    }

    public async ValueTask DisposeAsync()
    {
        await pools.DisposeAsync();
        await replicas.DisposeAsync();
    }

    private async Task<TenantSession> OpenAsync(TenantId tenant, Target target, CancellationToken cancellationToken)
    {
        for (var left = Tries; ; left--)
        {
            var (pool, isNew) = await FindAsync(tenant, target.Pools, target.DescribeAsync, cancellationToken) is { } known
                ? (known, false)
                : await AddAsync(tenant, target.Pools, target.DescribeAsync, cancellationToken);
            try
            {
                return await TenantSession.BeginAsync(pool, options, cancellationToken, target.IsReadOnly);
            }
            catch (Exception error) when (left > 1 && (error is ObjectDisposedException || (!isNew && IsOutdated(error))))
            {
                // The pool was just evicted, or the tenant's placement or login has changed since the pool was created.
                await target.Pools.RemoveAsync(pool);
            }
        }
    }

    /// <summary>The tenant's own connection string. It contains the password, so the caller must keep it secret.</summary>
    public async Task<string> ConnectionStringAsync(TenantId tenant, CancellationToken cancellationToken) =>
        (await DescribeAsync(tenant, cancellationToken)).ConnectionString;

    private delegate Task<Described> Describe(TenantId tenant, CancellationToken cancellationToken);

    // The known pool. One that the tenant's place or login has outgrown is not returned, so that nobody uses a former login until it is barred.
    private async Task<TenantPool?> FindAsync(TenantId tenant, TenantPools among, Describe describe, CancellationToken cancellationToken)
    {
        var known = among.Find(tenant);
        if (known is null || !known.TakeRefresh(time, refresh))
            return known;
        try
        {
            var place = await describe(tenant, cancellationToken);
            known.HasReplica = place.HasReplica;
            if (known.IsOf(place.Schema, place.Epoch, place.ConnectionString))
                return known;
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException or SealingException)
        {
            // The registry does not answer, or cannot be read now. What the pool has may still be right, and the server decides.
            return known;
        }
        catch (TenantUnavailableException)
        {
            await among.RemoveAsync(known);
            throw;
        }

        await among.RemoveAsync(known);
        return null;
    }

    private async Task<(TenantPool Pool, bool IsNew)> AddAsync(TenantId tenant, TenantPools to, Describe describe, CancellationToken cancellationToken)
    {
        var readAt = time.GetTimestamp();
        var place = await describe(tenant, cancellationToken);
        var made = Create(tenant, place.Schema, place.Epoch, place.ConnectionString, readAt);
        made.HasReplica = place.HasReplica;
        var pool = await to.AddAsync(made);
        return (pool, pool == made);
    }

    /// <summary>A pool that only the caller knows.</summary>
    internal TenantPool Create(TenantId tenant, string schema, long epoch, string connectionString) => Create(tenant, schema, epoch, connectionString, time.GetTimestamp());

    // Built-in types only, because loading the types of each tenant's database costs more than most uses of the pool.
    private static TenantPool Create(TenantId tenant, string schema, long epoch, string connectionString, long readAt) =>
        new(tenant, schema, epoch, connectionString, new NpgsqlDataSourceBuilder(connectionString).ConfigureTypeLoading(t => t.EnableTypeLoading(false)).Build(), readAt);

    private Task<Described> DescribeAsync(TenantId tenant, CancellationToken cancellationToken) => SealedReading.ReadAsync(() => ReadAsync(tenant, cancellationToken));

    private async Task<Described> DescribeReplicasAsync(TenantId tenant, CancellationToken cancellationToken) =>
        await ReplicasAsync(tenant, cancellationToken) is { Count: > 0 } found
            ? new(found[0].Schema, found[0].Epoch, ReplicaHosts.Join(tenant, found), HasReplica: true)
            : throw new TenantUnavailableException(tenant, "it has no read replica");

    /// <summary>The replicas on which the tenant may be read, by name. The connection strings contain the password.</summary>
    internal Task<IReadOnlyList<TenantReplica>> ReplicasAsync(TenantId tenant, CancellationToken cancellationToken) => SealedReading.ReadAsync(() => ReadReplicasAsync(tenant, cancellationToken));

    private async Task<Described> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenAsync(cancellationToken);
        // One statement, because each placement has its own login and the routing may switch at any time.
        var location = await connection.QuerySingleOrDefaultAsync<Location>(new CommandDefinition(
            $"""
            select p.host as Host, p.port as Port, p.database as Database, p.schema as Schema, p.epoch as Epoch, c.username as Username, c.sealed as Sealed,
                coalesce(s.minimum, 0) as MinPoolSize, coalesce(s.maximum, @MaxPoolSize) as MaxPoolSize,
                exists (select from {RuntimeRegistry.Schema}.replicas r where r.tenant_id = p.tenant_id) as HasReplica
            from {RuntimeRegistry.Schema}.placements p
            left join {RuntimeRegistry.Schema}.pools s on s.tenant_id = p.tenant_id
            left join {RuntimeRegistry.Schema}.credentials c on c.tenant_id = p.tenant_id and c.purpose = '{CredentialPurposes.Database}'
            where p.tenant_id = @Value
            """,
            new { tenant.Value, options.MaxPoolSize }, cancellationToken: cancellationToken))
            ?? throw new TenantUnavailableException(tenant, "it has no placement");
        if (location is not { Username: { } username, Sealed: { } secret })
            throw new TenantUnavailableException(tenant, "it has no login");
        var credential = await credentials.OpenAsync(connection, tenant, CredentialPurposes.Database, username, secret, cancellationToken);
        return new(location.Schema, location.Epoch, ConnectionString(location, credential), location.HasReplica);
    }

    private async Task<IReadOnlyList<TenantReplica>> ReadReplicasAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<Replica>(new CommandDefinition(
            $"""
            select r.name as Name, r.host as Host, r.port as Port, p.database as Database, p.schema as Schema, p.epoch as Epoch, r.username as Username, r.sealed as Sealed,
                coalesce(s.minimum, 0) as MinPoolSize, coalesce(s.maximum, @MaxPoolSize) as MaxPoolSize
            from {RuntimeRegistry.Schema}.replicas r
            join {RuntimeRegistry.Schema}.placements p on p.tenant_id = r.tenant_id
            left join {RuntimeRegistry.Schema}.pools s on s.tenant_id = p.tenant_id
            where r.tenant_id = @Value order by r.name
            """,
            new { tenant.Value, options.MaxPoolSize }, cancellationToken: cancellationToken));
        var found = new List<TenantReplica>();
        foreach (var row in rows)
        {
            var credential = await credentials.OpenAsync(connection, tenant, CredentialPurposes.Replica, row.Username, row.Sealed, cancellationToken);
            var location = new Location(row.Host, row.Port, row.Database, row.Schema, row.Epoch, row.Username, row.Sealed, row.MinPoolSize, row.MaxPoolSize, HasReplica: true);
            found.Add(new(row.Name, row.Schema, row.Epoch, ConnectionString(location, credential)));
        }

        return found;
    }

    private string ConnectionString(Location location, Credential credential) => new NpgsqlConnectionStringBuilder
    {
        Host = location.Host,
        Port = location.Port,
        Database = location.Database,
        Username = credential.Username,
        Password = credential.Password,
        ApplicationName = "saga-tenant",
        MinPoolSize = location.MinPoolSize,
        MaxPoolSize = location.MaxPoolSize,
        ConnectionIdleLifetime = options.IdleSeconds,
        ConnectionPruningInterval = Math.Max(1, options.IdleSeconds / 3),
    }.ConnectionString;

    // Of several replicas each has its own error, unless all refuse the login for the same reason.
    private static bool IsOutdated(Exception error) => error switch
    {
        PostgresException refused => refused.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.AdminShutdown or PlaceStates.Closed or PlaceStates.Moved,
        NpgsqlException { InnerException: AggregateException each } => each.InnerExceptions.Any(IsOutdated),
        _ => false,
    };

    private sealed record Location(
        string Host, int Port, string Database, string Schema, long Epoch, string? Username, byte[]? Sealed, int MinPoolSize, int MaxPoolSize, bool HasReplica);

    private sealed record Replica(
        string Name, string Host, int Port, string Database, string Schema, long Epoch, string Username, byte[] Sealed, int MinPoolSize, int MaxPoolSize);

    private sealed record Described(string Schema, long Epoch, string ConnectionString, bool HasReplica);

    private sealed record Target(TenantPools Pools, Describe DescribeAsync, bool IsReadOnly);
}
