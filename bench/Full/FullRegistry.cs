using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;
using Saga.Lifecycle.Provision;
using Saga.Registry.Operations;

namespace Saga.Bench.Full;

/// <summary>
/// A registry with existing data: tenants of every tier, each with its finished operation, history lines, leases, settings and
/// credentials. Their data in external systems does not exist: only the registry grows.
/// </summary>
internal static class FullRegistry
{
    public const int Tenants = 5000;

    public static async Task FillAsync(string connectionString)
    {
        var stored = StoredWorkflow.Of(ProvisionWorkflow.Definition);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync(
            """
            insert into workflows (digest, kind, version, definition) values (@Digest, @Kind, @Version, @Json::jsonb) on conflict do nothing;
            insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database)
            values ('main', 'default', '127.0.0.1', 5432, 100000, 500) on conflict do nothing;
            create temporary table past as
            select n, gen_random_uuid() as tenant, gen_random_uuid() as operation, now() - interval '90 days' + n * interval '25 minutes' as at,
                case when n % 25 = 0 then 'database' when n % 5 = 0 then 'schema' else 'row' end as tier
            from generate_series(1, @Tenants) n;
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email,
                                 schema_version, organization_id, admin_user_id, created_at, updated_at)
            select tenant, 'past-' || n, 'Past ' || n, 'custom', tier, 'active', 'past-' || n, 'UTC', 'admin@example.com', 3, gen_random_uuid()::text, gen_random_uuid()::text, at, at
            from past;
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state, created_at, updated_at)
            select tenant, tenant, 1, 'main',
                case tier when 'row' then 'saga_rows' when 'schema' then 'saga_schemas_' || 1 + n / 2500 else 'tenant_' || replace(tenant::text, '-', '') end,
                case tier when 'schema' then 't_' || replace(tenant::text, '-', '') else 'product' end, tier, 't_' || replace(tenant::text, '-', ''),
                case when tier <> 'row' then 't_' || replace(tenant::text, '-', '') || '_owner' end, 'current', at, at
            from past;
            update database_servers set placed = placed + @Tenants where name = 'main';
            insert into shared_databases (server, number, database, schemas)
            select 'main', 1 + n / 2500, 'saga_schemas_' || 1 + n / 2500, count(*) from past where tier = 'schema' group by 2, 3;
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, next_due_at, requested_by, created_at, finished_at)
            select operation, @Kind, tenant, @Digest, 'completed', '{"plan": "custom"}', null, 'bench', at, at from past;
            insert into operation_history (operation_id, at, event, message_id) select operation, at, 'started', gen_random_uuid() from past order by n;
            insert into operation_history (operation_id, at, event, step, attempt, fence, message_id)
            select operation, at, event, step, 1, 1, case event when 'stepSucceeded' then gen_random_uuid() end
            from past cross join unnest(@Names) step cross join (values ('stepDispatched'), ('stepSucceeded')) e(event) order by n;
            insert into operation_history (operation_id, at, event) select operation, at, 'completed' from past order by n;
            insert into operation_steps (operation_id, step, status, fence, attempt, started_at, dispatched_at, deadline, finished_at, settled, held_fence)
            select operation, step, 'succeeded', 1, 1, at, at, at, at, true, 1 from past cross join unnest(@Names) step;
            insert into tenant_settings (tenant_id, key, value) select tenant, 'setting' || k, '10' from past cross join generate_series(1, 5) k;
            insert into tenant_keys (tenant_id, master_key_id, wrapped) select tenant, 'k1', decode(repeat('00', 60), 'hex') from past;
            insert into tenant_runtime_keys (tenant_id, runtime_key_id, wrapped) select tenant, 'r1', decode(repeat('00', 60), 'hex') from past;
            insert into tenant_credentials (tenant_id, purpose, username, sealed)
            select tenant, purpose, 't_' || n, decode(repeat('00', 80), 'hex') from past cross join unnest(array['database', 'cache']) purpose;
            insert into audit (at, actor, action, tenant_id, operation_id) select at, 'bench', 'tenant.provision', tenant, operation from past;
            insert into idempotency_keys (caller, key, request_hash, operation_id, created_at) select 'bench', 'past-' || n, '\x00', operation, at from past;
            """,
            new
            {
                stored.Digest, stored.Definition.Kind, stored.Definition.Version, stored.Json, Tenants,
                Names = ProvisionWorkflow.Definition.Steps.Select(s => s.Name).ToArray(),
            }, commandTimeout: 300);
        await connection.ExecuteAsync("vacuum analyze", commandTimeout: 300);
    }
}
