using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Intake;

namespace Saga.Registry.Tenants;

/// <summary>A tenant at the start of its provisioning.</summary>
public sealed record NewTenant
{
    public required Slug Slug { get; init; }

    public required string Name { get; init; }

    public required string Plan { get; init; }

    public required int PlanVersion { get; init; }

    /// <summary>Its own limit of users; null for the plan's.</summary>
    public int? MaxUsers { get; init; }

    /// <summary>Its own limit of storage in GiB; null for the plan's.</summary>
    public long? MaxStorageGib { get; init; }

    public required IsolationTier Tier { get; init; }

    public string? Domain { get; init; }

    public required string Subdomain { get; init; }

    public string? Region { get; init; }

    public required string Timezone { get; init; }

    public required string AdminEmail { get; init; }

    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    public required IReadOnlyDictionary<string, JsonElement> Settings { get; init; }

    public string? Description { get; init; }

    public string? Phone { get; init; }

    public PoolSizes? Pool { get; init; }

    public bool ReadReplica { get; init; }

    public bool AutoUpdate { get; init; } = true;

    public MaintenanceWindow? MaintenanceWindow { get; init; }

    /// <summary>Inserts the tenant and reserves its names. Fails with 23505 if a live tenant has one of them.</summary>
    public NpgsqlBatchCommand InsertCommand(TenantId id, DateTimeOffset now) => CommandLedger.Statement(
        """
        insert into tenants (id, slug, name, plan, tier, status, domain, subdomain, region, timezone, admin_email, features, settings, created_at, updated_at,
            description, phone, pool_minimum, pool_maximum, read_replica, auto_update, maintenance_window, plan_version, max_users, max_storage_gib)
        values ($1, $2, $3, $4, $5, 'provisioning', $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13, $13,
            $14, $15, $16, $17, $18, $19, $20::jsonb, $21, $22, $23::bigint)
        """,
        id.Value, Slug.ToString(), Name, Plan, Tier.ToString().ToLowerInvariant(), Domain, Subdomain, Region, Timezone, AdminEmail,
        JsonSerializer.Serialize(Features, Json.Options), JsonSerializer.Serialize(Settings, Json.Options), now,
        Description, Phone, Number(Pool?.Minimum), Number(Pool?.Maximum), ReadReplica, AutoUpdate, Parameter.Json(MaintenanceWindow), PlanVersion, Number(MaxUsers), MaxStorageGib);

    /// <summary>The same for an adopted tenant, whose id may be that of one that failed before. <see cref="TenantAdmission.AdoptCommand"/> comes first.</summary>
    public NpgsqlBatchCommand InsertAdoptedCommand(TenantId id, DateTimeOffset now)
    {
        var insert = InsertCommand(id, now);
        insert.CommandText +=
            """

            on conflict (id) do update set
                name = excluded.name, domain = excluded.domain, region = excluded.region, timezone = excluded.timezone, admin_email = excluded.admin_email, features = excluded.features,
                settings = excluded.settings, description = excluded.description, phone = excluded.phone, pool_minimum = excluded.pool_minimum, pool_maximum = excluded.pool_maximum,
                read_replica = excluded.read_replica, auto_update = excluded.auto_update, maintenance_window = excluded.maintenance_window, max_users = excluded.max_users,
                max_storage_gib = excluded.max_storage_gib
            """;
        return insert;
    }

    private static NpgsqlParameter Number(int? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer };
}
