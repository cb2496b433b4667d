using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Update;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Tests.Support;

/// <summary>Updates of tenants, as the intake accepts them.</summary>
public static class Updates
{
    public static UpdatePlan Plan(NpgsqlDataSource registry) =>
        new(new PlanStore(registry), new TenantStore(registry), new TenantNameStore(registry), new ServerRoomStore(registry), new ReservedNames([], []));

    public static UpdateTenant Command(Tenant tenant, string patch, string? key = null) => new()
    {
        TenantId = tenant.Id, Version = tenant.Version, IdempotencyKey = key,
        Changes = JsonElement.Parse(patch).EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal),
    };

    /// <summary>Changes the tenant for its seeded operation, like the transaction that accepts an update.</summary>
    public static async Task BeginAsync(SeededTenant tenant, string patch)
    {
        var input = (await Plan(tenant.Registry).CheckAsync(Command(await tenant.ReadAsync(), patch), default)).Input!;
        await using var connection = await tenant.Registry.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var command in TenantChangeRows.BeginCommands(tenant.Id, tenant.OperationId, input.Change!, "proof", DateTimeOffset.UtcNow))
            batch.BatchCommands.Add(command);
        await batch.ExecuteNonQueryAsync();
    }

    /// <summary>Everything that an update may change in the registry, but no versions and times.</summary>
    public static async Task<string> FactsAsync(NpgsqlDataSource registry, TenantId tenant)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.QuerySingleAsync<string>(
            """
            select (to_jsonb(t) - 'version' - 'updated_at')::text
                || coalesce((select jsonb_agg(jsonb_build_array(d.domain, d.state) order by d.domain)::text from tenant_domains d where d.tenant_id = t.id), '')
                || coalesce((select jsonb_agg(jsonb_build_array(s.key, s.value, encode(s.sealed, 'hex')) order by s.key)::text from tenant_settings s where s.tenant_id = t.id), '')
                || coalesce((select jsonb_agg(c.email order by c.email)::text from administrator_claims c where c.tenant_id = t.id), '')
            from tenants t where t.id = @Value
            """,
            new { tenant.Value });
    }
}
