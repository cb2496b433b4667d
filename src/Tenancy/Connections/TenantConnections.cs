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
    private readonly TimeProvider time;
    private readonly TimeSpan refresh;

    internal TenantConnections(RuntimeRegistry registry, TenantCredentials credentials, IOptions<TenantConnectionsOptions> options, TimeProvider time)
    {
        (this.registry, this.credentials, this.options, this.time) = (registry, credentials, options.Value, time);
        pools = new TenantPools(options.Value.MaxPools);
        refresh = TimeSpan.FromSeconds(options.Value.RefreshSeconds);
    }

    /// <summary>How many tenants have a pool now.</summary>
    public int Pools => pools.Count;

    /// <summary>Begins a transaction in the tenant's schema, for the tenant.</summary>
    /// <exception cref="TenantUnavailableException">The tenant has no database yet, or no longer has one.</exception>
    /// <exception cref="NpgsqlException">
    /// The database cannot be reached, or refuses the login. The SQLSTATE is <see cref="PlaceStates.Closed"/> while the tenant's place is closed.
    /// </exception>
    public async Task<TenantSession> OpenAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        for (var left = Tries; ; left--)
        {
            var (pool, isNew) = await FindAsync(tenant, cancellationToken) is { } known ? (known, false) : await AddAsync(tenant, cancellationToken);
            try
            {
                return await TenantSession.BeginAsync(pool, options, cancellationToken);
            }
            catch (Exception error) when (left > 1 && (error is ObjectDisposedException || (!isNew && error is PostgresException e && IsOutdated(e))))
            {
                // The pool was just evicted, or the tenant's placement or login has changed since the pool was created.
                await pools.RemoveAsync(pool);
            }
        }
    }

    /// <summary>Closes the tenant's pool. The next use creates another one from the registry's current data.</summary>
    public Task CloseAsync(TenantId tenant) => pools.RemoveAsync(tenant);

    public ValueTask DisposeAsync() => pools.DisposeAsync();

    /// <summary>The tenant's own connection string. It contains the password, so the caller must keep it secret.</summary>
    public async Task<string> ConnectionStringAsync(TenantId tenant, CancellationToken cancellationToken) =>
        (await DescribeAsync(tenant, cancellationToken)).ConnectionString;

    // The known pool. One that the tenant's place or login has outgrown is not returned, so that nobody uses a former login until it is barred.
    private async Task<TenantPool?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var known = pools.Find(tenant);
        if (known is null || !known.TakeRefresh(time, refresh))
            return known;
        try
        {
            var (location, connectionString) = await DescribeAsync(tenant, cancellationToken);
            if (known.IsOf(location.Schema, location.Epoch, connectionString))
                return known;
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException or SealingException)
        {
            // The registry does not answer, or cannot be read now. What the pool has may still be right, and the server decides.
            return known;
        }
        catch (TenantUnavailableException)
        {
            await pools.RemoveAsync(known);
            throw;
        }

        await pools.RemoveAsync(known);
        return null;
    }

    private async Task<(TenantPool Pool, bool IsNew)> AddAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var readAt = time.GetTimestamp();
        var (location, connectionString) = await DescribeAsync(tenant, cancellationToken);
        var made = Create(tenant, location.Schema, location.Epoch, connectionString, readAt);
        var pool = await pools.AddAsync(made);
        return (pool, pool == made);
    }

    /// <summary>A pool that only the caller knows.</summary>
    internal TenantPool Create(TenantId tenant, string schema, long epoch, string connectionString) => Create(tenant, schema, epoch, connectionString, time.GetTimestamp());

    // Built-in types only, because loading the types of each tenant's database costs more than most uses of the pool.
    private static TenantPool Create(TenantId tenant, string schema, long epoch, string connectionString, long readAt) =>
        new(tenant, schema, epoch, connectionString, new NpgsqlDataSourceBuilder(connectionString).ConfigureTypeLoading(t => t.EnableTypeLoading(false)).Build(), readAt);

    private Task<(Location Location, string ConnectionString)> DescribeAsync(TenantId tenant, CancellationToken cancellationToken) =>
        SealedReading.ReadAsync(() => ReadAsync(tenant, cancellationToken));

    private async Task<(Location Location, string ConnectionString)> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenAsync(cancellationToken);
        // One statement, because each placement has its own login and the routing may switch at any time.
        var location = await connection.QuerySingleOrDefaultAsync<Location>(new CommandDefinition(
            $"""
            select p.host as Host, p.port as Port, p.database as Database, p.schema as Schema, p.epoch as Epoch, c.username as Username, c.sealed as Sealed,
                coalesce(s.minimum, 0) as MinPoolSize, coalesce(s.maximum, @MaxPoolSize) as MaxPoolSize
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
        var connectionString = new NpgsqlConnectionStringBuilder
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
        };
        return (location, connectionString.ConnectionString);
    }

    private static bool IsOutdated(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName
            or PostgresErrorCodes.AdminShutdown or PlaceStates.Closed or PlaceStates.Moved;

    private sealed record Location(string Host, int Port, string Database, string Schema, long Epoch, string? Username, byte[]? Sealed, int MinPoolSize, int MaxPoolSize);
}
