using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

/// <summary>What a backup keeps of the registry.</summary>
public static class BackupContents
{
    /// <summary>
    /// The tenant, its plan, its placement, its holds, its domains and its settings, as one JSON object from one statement. Sealed values stay
    /// sealed; credentials and keys are not in it.
    /// </summary>
    public static async Task<SettingsOfTenant> ReadAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        await transaction.Connection.QuerySingleAsync<SettingsOfTenant>(new CommandDefinition(
            """
            select jsonb_pretty(jsonb_build_object(
                'tenant', jsonb_build_object(
                    'id', t.id, 'slug', t.slug, 'name', t.name, 'plan', t.plan, 'planVersion', t.plan_version, 'maxUsers', t.max_users, 'maxStorageGib', t.max_storage_gib, 'tier', t.tier, 'status', t.status, 'domain', t.domain, 'subdomain', t.subdomain, 'region', t.region,
                    'timezone', t.timezone, 'description', t.description, 'phone', t.phone,
                    'pool', case when t.pool_maximum is not null then jsonb_build_object('minimum', coalesce(t.pool_minimum, 0), 'maximum', t.pool_maximum) end,
                    'readReplica', t.read_replica, 'autoUpdate', t.auto_update, 'maintenanceWindow', t.maintenance_window, 'adminEmail', t.admin_email, 'features', t.features, 'settings', t.settings, 'organizationId', t.organization_id,
                    'adminUserId', t.admin_user_id, 'version', t.version, 'createdAt', t.created_at, 'updatedAt', t.updated_at),
                'plan', (select v.definition from plan_versions v where v.name = t.plan and v.version = t.plan_version),
                'placements', (
                    select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'state', p.state, 'epoch', p.epoch, 'tier', p.tier, 'server', p.server, 'database', p.database,
                        'schema', p.schema, 'schemaVersion', p.schema_version) order by p.epoch), '[]')
                    from placements p where p.tenant_id = t.id and p.state = 'current'),
                'holds', (
                    select coalesce(jsonb_agg(jsonb_build_object('code', h.code, 'effect', h.effect, 'actor', h.actor, 'reason', h.reason, 'createdAt', h.created_at) order by h.created_at), '[]')
                    from holds h where h.tenant_id = t.id),
                'domains', (select coalesce(jsonb_agg(jsonb_build_object('domain', d.domain, 'state', d.state) order by d.domain), '[]') from tenant_domains d where d.tenant_id = t.id),
                'settings', (
                    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'value', s.value, 'sealed', replace(encode(s.sealed, 'base64'), E'\n', ''), 'own', s.own) order by s.key), '[]')
                    from tenant_settings s where s.tenant_id = t.id))) as Json,
                (select count(*) from tenant_settings s where s.tenant_id = t.id) as Settings,
                (select count(*) from tenant_settings s where s.tenant_id = t.id and s.sealed is not null) as Sealed
            from tenants t where t.id = @Value
            """,
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));
}

/// <param name="Json">The JSON text.</param>
/// <param name="Settings">How many settings it has.</param>
/// <param name="Sealed">How many of them are sealed.</param>
public sealed record SettingsOfTenant(string Json, long Settings, long Sealed);
