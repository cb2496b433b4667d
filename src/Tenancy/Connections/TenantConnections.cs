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
    private readonly RuntimeRegistry registry;
    private readonly TenantCredentials credentials;
    private readonly TenantConnectionsOptions options;
    private readonly TenantPools pools;

    internal TenantConnections(RuntimeRegistry registry, TenantCredentials credentials, IOptions<TenantConnectionsOptions> options)
    {
        (this.registry, this.credentials, this.options) = (registry, credentials, options.Value);
        pools = new TenantPools(options.Value.MaxPools);
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
        if (pools.Find(tenant) is { } known)
        {
            try
            {
                return await TenantSession.BeginAsync(known, options, cancellationToken);
            }
            catch (Exception error) when (error is ObjectDisposedException || (error is PostgresException e && IsOutdated(e)))
            {
                // The pool was just evicted, or the tenant's placement or password has changed since the pool was created.
                await pools.RemoveAsync(tenant);
            }
        }

        var pool = await pools.AddAsync(await CreateAsync(tenant, cancellationToken));
        return await TenantSession.BeginAsync(pool, options, cancellationToken);
    }

    /// <summary>Closes the tenant's pool. The next use creates another one from the registry's current data.</summary>
    public Task CloseAsync(TenantId tenant) => pools.RemoveAsync(tenant);

    public ValueTask DisposeAsync() => pools.DisposeAsync();

    /// <summary>The tenant's own connection string. It contains the password, so the caller must keep it secret.</summary>
    public async Task<string> ConnectionStringAsync(TenantId tenant, CancellationToken cancellationToken) =>
        (await DescribeAsync(tenant, cancellationToken)).ConnectionString;

    private async Task<TenantPool> CreateAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var (location, connectionString) = await DescribeAsync(tenant, cancellationToken);
        // Built-in types only, because loading the types of each tenant's database costs more than most uses of the pool.
        return new TenantPool(tenant, location.Schema, location.Epoch, new NpgsqlDataSourceBuilder(connectionString).ConfigureTypeLoading(t => t.EnableTypeLoading(false)).Build());
    }

    private async Task<(Location Location, string ConnectionString)> DescribeAsync(TenantId tenant, CancellationToken cancellationToken)
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
            or PlaceStates.Closed or PlaceStates.Moved;

    private sealed record Location(string Host, int Port, string Database, string Schema, long Epoch, string? Username, byte[]? Sealed, int MinPoolSize, int MaxPoolSize);
}
