using System.Data;
using Dapper;
using Npgsql;
using NpgsqlTypes;
using Saga.Engine.Drift;
using Saga.Registry.Placements;

namespace Saga.Registry.Drift;

/// <summary>What the registry says in one moment, for a comparison with the outside. For a single use.</summary>
public sealed class DriftSnapshot : IAsyncDisposable
{
    private const string IsClosed =
        """
        exists (select from holds h where h.tenant_id = t.id and h.effect = 'closed'
            and not exists (select from reactivations r where r.tenant_id = h.tenant_id and r.opening and h.code = any(r.codes)))
        """;

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private DriftSnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction, DateTimeOffset now) =>
        (this.connection, this.transaction, Now) = (connection, transaction, now);

    /// <summary>The registry's time.</summary>
    public DateTimeOffset Now { get; }

    internal static async Task<DriftSnapshot> OpenAsync(NpgsqlDataSource registry, RegistryClock clock, CancellationToken cancellationToken)
    {
        var opened = await registry.OpenConnectionAsync(cancellationToken);
        try
        {
            var begun = await opened.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            var now = await opened.ExecuteScalarAsync<DateTime>(new CommandDefinition(
                "select clock_timestamp() + @Offset", new { clock.Offset }, begun, cancellationToken: cancellationToken));
            return new(opened, begun, new DateTimeOffset(now));
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tells a comparison what to leave alone.</summary>
    /// <param name="since">When the outside began to be listed.</param>
    /// <param name="grace">See <see cref="DriftScope.Grace"/>.</param>
    /// <param name="owners">The owners of what was found.</param>
    /// <param name="tenants">Only things of these tenants; null for everything.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    /// <param name="self">The operation that compares; what it holds itself is not busy. Null for one that holds nothing.</param>
    public async Task<DriftScope> ScopeAsync(
        DateTimeOffset since, TimeSpan grace, IReadOnlyCollection<Guid> owners, IReadOnlyCollection<Guid>? tenants, CancellationToken cancellationToken, Guid? self = null)
    {
        var installation = await connection.ExecuteScalarAsync<Guid>(Command(Installation.Select, null, cancellationToken));
        // An operation that was under way while the outside was listed has its scope still, or has ended since.
        var busy = await connection.QueryAsync<Guid>(Command(
            """
            select o.tenant_id from operation_scopes s join operations o on o.id = s.operation_id where o.tenant_id is not null
            union
            select substring(scope from 8)::uuid from operation_scopes where scope like 'tenant:%' and operation_id is distinct from @self
            union
            select tenant_id from operations where tenant_id is not null and finished_at >= @Since
            """,
            new { Since = since - grace, self }, cancellationToken));
        var servers = await connection.QueryAsync<string>(Command("select substring(scope from 8) from operation_scopes where scope like 'server:%'", null, cancellationToken));
        var known = new Dictionary<Guid, Guid?>();
        await using (var ask = new NpgsqlCommand(
            """
            select u.id, coalesce(t.id, p.tenant_id, r.tenant_id, b.tenant_id, o.tenant_id) from unnest($1) u(id)
            left join tenants t on t.id = u.id
            left join placements p on p.id = u.id
            left join restored_databases r on r.operation_id = u.id
            left join backups b on b.id = u.id
            left join operations o on o.id = u.id
            left join registry_backups g on g.id = u.id
            where coalesce(t.id, p.id, r.operation_id, b.id, o.id, g.id) is not null
            """,
            connection, transaction))
        {
            ask.Parameters.Add(Ids(owners));
            await using var row = await ask.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                known[row.GetGuid(0)] = row.IsDBNull(1) ? null : row.GetGuid(1);
        }

        var quarantined = new HashSet<DriftKey>();
        // One that changes its name may be seen under both.
        foreach (var thing in await connection.QueryAsync<QuarantinedName>(Command(
            """
            select resource as Resource, server as Server, name as Name, renamed as Renamed, state = 'quarantined' as IsSettled from drift_quarantine where ended_at is null
            """,
            null, cancellationToken)))
        {
            var key = new DriftKey(thing.Resource, thing.Server, thing.Name);
            quarantined.Add(QuarantinedThing.Rename(key, thing.Renamed));
            if (!thing.IsSettled)
                quarantined.Add(key);
        }

        return new()
        {
            Quarantined = quarantined,
            Installation = installation,
            Now = Now,
            Grace = grace,
            Known = known,
            BusyTenants = busy.ToHashSet(),
            BusyServers = servers.ToHashSet(StringComparer.Ordinal),
            Tenants = tenants?.ToHashSet(),
        };
    }

    /// <summary>Tenants that are active, whatever holds they have.</summary>
    public async Task<IReadOnlyList<DriftTenant>> TenantsAsync(CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<DriftTenant>(Command(
            $"""
            select t.id as Id, t.slug as Slug, t.organization_id as OrganizationId, t.admin_user_id as AdminUserId, {IsClosed} as IsClosed, t.updated_at as UpdatedAt,
                (select c.username from tenant_credentials c where c.tenant_id = t.id and c.purpose = 'cache') as CacheUser
            from tenants t where t.status = 'active'
            """,
            null, cancellationToken)),
    ];

    /// <summary>Placements that are not gone.</summary>
    public async Task<IReadOnlyList<DriftPlacement>> PlacementsAsync(CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<DriftPlacement>(Command(
            $"""
            select p.id as Id, p.tenant_id as TenantId, p.server as Server, p.database as Database, p.schema as Schema, p.tier as Tier, p.login as Login, p.owner as Owner,
                p.state as State, greatest(p.updated_at, t.updated_at) as UpdatedAt, {IsClosed} as IsClosed,
                (select (v.definition -> 'limits' ->> 'databaseConnections')::int from plan_versions v where v.name = t.plan and v.version = t.plan_version) as Connections
            from placements p join tenants t on t.id = p.tenant_id where p.state <> 'gone'
            """,
            null, cancellationToken)),
    ];

    /// <summary>The modes and epochs that places in product databases should have.</summary>
    public async Task<IReadOnlyList<DriftPlace>> PlacesAsync(CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<DriftPlace>(Command(
            $"""
            select w.tenant_id as TenantId, w.server as Server, w.database as Database, w.epoch as Epoch, w.mode as Mode,
                (select max(p.updated_at) from placements p where (p.tenant_id, p.server, p.database) = (w.tenant_id, w.server, w.database)) as UpdatedAt
            from ({PlaceModeStore.AllWanted}) w
            """,
            null, cancellationToken)),
    ];

    /// <summary>Databases that restores have made.</summary>
    public async Task<IReadOnlyList<DriftRestored>> RestoredAsync(CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<DriftRestored>(Command(
            "select tenant_id as TenantId, server as Server, database as Database, created_at as CreatedAt from restored_databases", null, cancellationToken)),
    ];

    /// <summary>Backups of tenants and of the registry whose files are, or may be, in the store.</summary>
    public async Task<IReadOnlyList<DriftBackup>> BackupsAsync(CancellationToken cancellationToken)
    {
        var found = new List<DriftBackup>();
        await using var ask = new NpgsqlCommand(
            """
            select b.tenant_id, b.id, b.state = 'completed', coalesce(b.ended_at, b.started_at), b.manifest_file,
                array(select p.file from backup_parts p where p.backup_id = b.id order by 1), array(select p.bytes from backup_parts p where p.backup_id = b.id order by p.file)
            from backups b where b.state in ('running', 'completed', 'expiring')
            union all
            select null, id, state = 'completed', coalesce(ended_at, started_at), manifest_file,
                case when part is null then '{}' else array[part ->> 'file'] end, case when part is null then '{}' else array[(part ->> 'bytes')::bigint] end
            from registry_backups where state in ('running', 'completed', 'expiring')
            """,
            connection, transaction);
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new(
                row.IsDBNull(0) ? null : row.GetGuid(0), row.GetGuid(1), row.GetBoolean(2), row.GetFieldValue<DateTimeOffset>(3), row.IsDBNull(4) ? null : row.GetString(4),
                [.. row.GetFieldValue<string[]>(5).Zip(row.GetFieldValue<long[]>(6))]));
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    internal static NpgsqlParameter Ids(IReadOnlyCollection<Guid>? ids) =>
        new() { Value = ids is null ? DBNull.Value : ids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };

    private CommandDefinition Command(string sql, object? parameters, CancellationToken cancellationToken) => new(sql, parameters, transaction, cancellationToken: cancellationToken);
}

/// <summary>The names of a thing in quarantine.</summary>
internal sealed record QuarantinedName
{
    public string Resource { get; init; } = "";

    public string? Server { get; init; }

    public string Name { get; init; } = "";

    public string Renamed { get; init; } = "";

    /// <summary>Whether it has its new name for certain.</summary>
    public bool IsSettled { get; init; }
}

/// <summary>What a tenant must have outside.</summary>
public sealed record DriftTenant
{
    public Guid Id { get; init; }

    public string Slug { get; init; } = "";

    public string? OrganizationId { get; init; }

    public string? AdminUserId { get; init; }

    /// <summary>Whether a hold closes it.</summary>
    public bool IsClosed { get; init; }

    /// <summary>The user of the cache; null where the cache has none.</summary>
    public string? CacheUser { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>What a placement must have outside.</summary>
public sealed record DriftPlacement
{
    public Guid Id { get; init; }

    public Guid TenantId { get; init; }

    public string Server { get; init; } = "";

    public string Database { get; init; } = "";

    public string Schema { get; init; } = "";

    public string Tier { get; init; } = "";

    public string Login { get; init; } = "";

    public string? Owner { get; init; }

    public string State { get; init; } = "";

    /// <summary>Whether a hold closes its tenant.</summary>
    public bool IsClosed { get; init; }

    /// <summary>How many connections the plan allows.</summary>
    public int? Connections { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>What a product database must say of a tenant.</summary>
public sealed record DriftPlace
{
    public Guid TenantId { get; init; }

    public string Server { get; init; } = "";

    public string Database { get; init; } = "";

    public long Epoch { get; init; }

    public string Mode { get; init; } = "";

    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A database that a restore has made.</summary>
public sealed record DriftRestored
{
    public Guid TenantId { get; init; }

    public string Server { get; init; } = "";

    public string Database { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A backup.</summary>
/// <param name="TenantId">The tenant; null for a backup of the registry.</param>
/// <param name="Id">The backup.</param>
/// <param name="IsComplete">Whether its files must be there. Otherwise they may be.</param>
/// <param name="ChangedAt">When it ended, or began.</param>
/// <param name="ManifestFile">The manifest's file.</param>
/// <param name="Parts">The other files, with their sizes.</param>
public sealed record DriftBackup(Guid? TenantId, Guid Id, bool IsComplete, DateTimeOffset ChangedAt, string? ManifestFile, IReadOnlyList<(string File, long Bytes)> Parts);
