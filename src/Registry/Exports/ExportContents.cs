using System.Runtime.CompilerServices;
using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Exports;

/// <summary>What an export has from the registry.</summary>
public sealed class ExportContents(NpgsqlDataSource registry)
{
    /// <summary>
    /// The tenant, its plan, its domains and its settings, each value with its section and key, from one statement. Sealed values are only named.
    /// </summary>
    public static async Task<IReadOnlyList<ExportedSetting>> SettingsAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
    [
        .. await transaction.Connection.QueryAsync<ExportedSetting>(new CommandDefinition(
            """
            select 'tenant' as Section, v.key as Key, v.value::text as Value, false as Encrypted
            from tenants t cross join lateral jsonb_each(jsonb_build_object(
                'id', t.id, 'slug', t.slug, 'name', t.name, 'description', t.description, 'plan', t.plan, 'planVersion', t.plan_version, 'maxUsers', t.max_users, 'maxStorageGib', t.max_storage_gib, 'isolation', t.tier, 'region', t.region, 'timezone', t.timezone,
                'domain', t.domain, 'subdomain', t.subdomain, 'adminEmail', t.admin_email, 'phone', t.phone, 'readReplica', t.read_replica, 'autoUpdate', t.auto_update,
                'maintenanceWindow', t.maintenance_window, 'features', t.features, 'settings', t.settings, 'createdAt', t.created_at)) v
            where t.id = @Value
            union all
            select 'plan', v.key, v.value::text, false from tenants t join plan_versions p on p.name = t.plan and p.version = t.plan_version cross join lateral jsonb_each(p.definition) v where t.id = @Value
            union all
            select 'domains', d.domain, to_jsonb(d.state)::text, false from tenant_domains d where d.tenant_id = @Value
            union all
            select 'settings', s.key, s.value::text, s.sealed is not null from tenant_settings s where s.tenant_id = @Value
            order by 1, 2
            """,
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken)),
    ];

    /// <summary>The audit log's lines of the tenant of a running export that has them, or of its user, oldest first.</summary>
    public async IAsyncEnumerable<ExportedLine> AuditAsync(Guid export, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var read = new NpgsqlCommand("select id, at, actor, action, operation_id, detail from exported_audit where export_id = $1 order by id", connection) { CommandTimeout = 0 };
        read.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = export });
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            yield return new(
                row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetGuid(4),
                row.IsDBNull(5) ? null : JsonElement.Parse(row.GetString(5)));
        }
    }
}

/// <param name="Section">tenant, plan, domains or settings.</param>
/// <param name="Key">The key in the section.</param>
/// <param name="Value">The value as JSON; null when it is sealed.</param>
/// <param name="Encrypted">Whether it is sealed.</param>
public sealed record ExportedSetting(string Section, string Key, string? Value, bool Encrypted);

/// <summary>A line of the audit log.</summary>
public sealed record ExportedLine(long Id, DateTimeOffset At, string Actor, string Action, Guid? OperationId, JsonElement? Detail);
