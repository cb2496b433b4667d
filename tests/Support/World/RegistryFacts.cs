using Dapper;

namespace Saga.Tests.Support.World;

/// <summary>The tenants in the registry, and their data there.</summary>
internal static class RegistryFacts
{
    public static async Task<List<TenantRow>> TenantsAsync(Site site)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        var placements = (await connection.QueryAsync<PlacementRow>(
            "select id, tenant_id as TenantId, epoch, tier, server, database, schema, login, state, schema_version as SchemaVersion from placements where state <> 'gone'")).ToLookup(p => p.TenantId);
        return
        [
            .. (await connection.QueryAsync<TenantRow>(
                """
                select t.id, slug, t.tier, status, exists (select from holds h where h.tenant_id = t.id and effect = 'closed') as IsClosed,
                       exists (select from holds h where h.tenant_id = t.id and effect = 'readOnly') as IsReadOnly, admin_email as AdminEmail, organization_id as OrganizationId, admin_user_id as AdminUserId,
                       (select c.username from tenant_credentials c where c.tenant_id = t.id and c.purpose = 'cache') as CacheUser,
                       (select count(*) from jsonb_object_keys(p.definition->'settings')) + (select count(*) from jsonb_object_keys(p.definition->'features'))
                           as PlanSettings
                from tenants t join plans p on p.name = t.plan
                """)).Select(t => t with { Placements = [.. placements[t.Id]] }),
        ];
    }

    public static async Task<List<Fact>> ListAsync(Site site)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        var rows = await connection.QueryAsync<(Guid Tenant, string Text)>(
            """
            select tenant_id, 'key' from tenant_keys
            union all select tenant_id, 'key for runtimes' from tenant_runtime_keys
            union all select tenant_id, 'credential ' || purpose from tenant_credentials
            union all select tenant_id, 'settings ' || count(*) from tenant_settings group by tenant_id
            union all select tenant_id, 'migrations ' || count(*) from tenant_migrations group by tenant_id
            union all select tenant_id, 'placement ' || state from placements where state <> 'gone'
            union all select id, 'ids in the directory' from tenants where coalesce(organization_id, admin_user_id) is not null
            """);
        return [.. rows.Select(r => new Fact(r.Tenant, $"{r.Tenant}: {r.Text}"))];
    }

    /// <summary>What the registry says is outside whatever the tenants' status: the files of exports and backups, and restored databases, which belong to their operations.</summary>
    public static async Task<List<Fact>> KeptAsync(Site site)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        var rows = await connection.QueryAsync<(Guid Owner, string Text)>(
            """
            select tenant_id, 'export ' || file from exports where state = 'completed'
            union all select b.tenant_id, 'backup ' || p.file from backup_parts p join backups b on b.id = p.backup_id where b.state = 'completed'
            union all select tenant_id, 'backup ' || manifest_file from backups where state = 'completed'
            union all select '00000000-0000-0000-0000-000000000000', 'backup ' || (part ->> 'file') from registry_backups where state = 'completed'
            union all select '00000000-0000-0000-0000-000000000000', 'backup ' || manifest_file from registry_backups where state = 'completed'
            union all select operation_id, 'database ' || database || ' on ' || server from restored_databases
            """);
        return [.. rows.Select(r => new Fact(r.Owner, $"{r.Owner}: {r.Text}"))];
    }

    /// <summary>The operations of the site, to which restored databases and their logins belong.</summary>
    public static async Task<IEnumerable<Guid>> OperationsAsync(Site site)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return await connection.QueryAsync<Guid>("select id from operations");
    }

    /// <summary>Whether every operation has come to rest and every message was sent.</summary>
    public static async Task DrainedAsync(Site site)
    {
        var left = "";
        try
        {
            await Until.TrueAsync(async () => (left = await LeftAsync(site)).Length == 0, "the site is at rest", TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message} {left}", error);
        }
    }

    private static async Task<string> LeftAsync(Site site)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<string>(
            """
            select concat_ws(', ',
                (select string_agg('operation ' || id || ' is ' || state, ', ') from operations where state in ('accepted', 'running', 'compensating')),
                (select string_agg('message ' || message_type || ' to ' || coalesce(destination, 'all'), ', ') from outbox))
            """) ?? "";
    }
}

/// <summary>A tenant in the registry.</summary>
internal sealed record TenantRow
{
    public Guid Id { get; init; }

    public string Slug { get; init; } = "";

    public string? CacheUser { get; init; }

    public string Tier { get; init; } = "";

    public string Status { get; init; } = "";

    /// <summary>Whether a hold closes it.</summary>
    public bool IsClosed { get; init; }

    /// <summary>Whether a hold keeps it from writing.</summary>
    public bool IsReadOnly { get; init; }

    public string AdminEmail { get; init; } = "";

    public string? OrganizationId { get; init; }

    public string? AdminUserId { get; init; }

    public long PlanSettings { get; init; }

    /// <summary>Those that are not gone.</summary>
    public IReadOnlyList<PlacementRow> Placements { get; init; } = [];
}

/// <summary>A placement in the registry.</summary>
internal sealed record PlacementRow
{
    public Guid Id { get; init; }

    public Guid TenantId { get; init; }

    public long Epoch { get; init; }

    public string Tier { get; init; } = "";

    public string Login { get; init; } = "";

    public string Server { get; init; } = "";

    public string Database { get; init; } = "";

    public string Schema { get; init; } = "";

    public string State { get; init; } = "";

    public int? SchemaVersion { get; init; }
}
