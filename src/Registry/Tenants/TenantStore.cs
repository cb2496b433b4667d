using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Holds;
using Saga.Registry.Placements;

namespace Saga.Registry.Tenants;

/// <summary>Reads tenants, and writes the data that workers add to them. Thread-safe.</summary>
public sealed class TenantStore(NpgsqlDataSource registry)
{
    /// <summary>Whether a hold closes tenant <c>t</c>. An unknown effect also closes it.</summary>
    internal const string Closed = "exists (select from holds h where h.tenant_id = t.id and h.effect not in ('noGrowth', 'readOnly', 'away'))";

    /// <summary>The start of every query for tenants; conditions on <c>t</c> follow.</summary>
    internal const string Select =
        $"""
        select t.id, t.slug, t.name, t.plan, t.tier, t.status, t.domain, t.subdomain, t.region, t.timezone, t.admin_email,
            t.features, t.settings, t.organization_id, t.admin_user_id, t.version, t.created_at, t.updated_at,
            t.plan_version, t.max_users, t.max_storage_gib,
            {HoldSql.Column},
            (select d.domain from tenant_domains d where d.tenant_id = t.id and d.domain = t.domain and d.state = 'proved'),
            {PlacementSql.Columns},
            t.description, t.phone, t.pool_minimum, t.pool_maximum, t.read_replica, t.auto_update, t.maintenance_window,
            {PendingDeletionSql.Column}
        from tenants t {PlacementSql.Join}
        """;

    // The first column after those of the placement.
    private const int Profile = 33;

    public Task<Tenant?> FindAsync(TenantId id, CancellationToken cancellationToken = default) =>
        FindAsync($"{Select} where t.id = $1", id.Value, cancellationToken);

    /// <summary>The live tenant with the slug, or otherwise the latest former one.</summary>
    public Task<Tenant?> FindAsync(Slug slug, CancellationToken cancellationToken = default) =>
        FindAsync(
            $"{Select} where t.slug = $1 order by t.status in ('failed', 'deprovisioned'), t.created_at desc limit 1",
            slug.ToString(), cancellationToken);

    private async Task<Tenant?> FindAsync(string sql, object key, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = key });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>Locks the tenant against other writers until the transaction ends, and reads it with what they committed.</summary>
    internal static async Task<Tenant?> LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, TenantId id, CancellationToken cancellationToken)
    {
        // Two statements: one that waits for a lock reads other tables, such as the holds, as they were before it waited.
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("select from tenants where id = $1 for no key update") { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id.Value } } },
                FindCommand(id),
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>The lookup by id as one command of a batch; <see cref="Read"/> reads its row.</summary>
    public static NpgsqlBatchCommand FindCommand(TenantId id) =>
        new($"{Select} where t.id = $1") { Parameters = { new NpgsqlParameter { Value = id.Value } } };

    /// <summary>The same for several tenants.</summary>
    public static NpgsqlBatchCommand FindCommand(IEnumerable<TenantId> ids) =>
        new($"{Select} where t.id = any($1)") { Parameters = { new NpgsqlParameter { Value = ids.Select(i => i.Value).ToArray() } } };

    public static Tenant Read(NpgsqlDataReader row) => new()
    {
        Id = new TenantId(row.GetGuid(0)),
        Slug = Slug.Parse(row.GetString(1)),
        Name = row.GetString(2),
        Plan = row.GetString(3),
        Tier = Enum.Parse<IsolationTier>(row.GetString(4), ignoreCase: true),
        Status = Enum.Parse<TenantStatus>(row.GetString(5), ignoreCase: true),
        Domain = Text(row, 6),
        Subdomain = row.GetString(7),
        Region = Text(row, 8),
        Timezone = row.GetString(9),
        AdminEmail = row.GetString(10),
        Features = JsonSerializer.Deserialize<Dictionary<string, bool>>(row.GetString(11), Json.Options)!,
        Settings = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(row.GetString(12), Json.Options)!,
        OrganizationId = Text(row, 13),
        AdminUserId = Text(row, 14),
        Version = row.GetInt64(15),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(16),
        UpdatedAt = row.GetFieldValue<DateTimeOffset>(17),
        PlanVersion = row.GetInt32(18),
        MaxUsers = row.IsDBNull(19) ? null : row.GetInt32(19),
        MaxStorageGib = row.IsDBNull(20) ? null : row.GetInt64(20),
        Holds = HoldSql.Read(Text(row, 21)),
        ProvedDomain = Text(row, 22),
        Placed = PlacementSql.Read(row, 23),
        Description = Text(row, Profile),
        Phone = Text(row, Profile + 1),
        Pool = row.IsDBNull(Profile + 3) ? null : new() { Minimum = row.IsDBNull(Profile + 2) ? 0 : row.GetInt32(Profile + 2), Maximum = row.GetInt32(Profile + 3) },
        ReadReplica = row.GetBoolean(Profile + 4),
        AutoUpdate = row.GetBoolean(Profile + 5),
        MaintenanceWindow = Text(row, Profile + 6) is { } window ? JsonSerializer.Deserialize<MaintenanceWindow>(window, Json.Options) : null,
        Deletion = PendingDeletionSql.Read(Text(row, Profile + 7)),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
