using Dapper;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Provision;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;
using System.Reflection;
using System.Text.Json;

namespace Saga.Tests.Support;

/// <summary>Inserts rows into a registry like the API and the orchestrator.</summary>
public static class Seed
{
    private const string Digest = "seed";

    /// <summary>A tenant that a running operation is provisioning. The placement's server is created if it is missing.</summary>
    public static async Task<SeededTenant> TenantAsync(
        NpgsqlDataSource registry,
        string slug,
        string plan = "enterprise",
        IsolationTier tier = IsolationTier.Database,
        string? domain = null,
        string? region = null,
        string adminEmail = "admin@example.com",
        string timezone = "UTC",
        IReadOnlyDictionary<string, bool>? features = null,
        IReadOnlyDictionary<string, JsonElement>? settings = null,
        Placement? placement = null,
        TenantStatus status = TenantStatus.Provisioning)
    {
        var id = new TenantId(Guid.CreateVersion7());
        var operation = Guid.CreateVersion7();
        // Before it takes a connection of its own, because tests seed many tenants at once.
        if (placement is not null)
            await ServerAsync(registry, placement.Server);
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into tenants (id, slug, name, plan, tier, status, domain, subdomain, region, timezone, admin_email, features, settings)
            values (@Id, @slug, @slug, @plan, @Tier, @Status, @domain, @slug, @region, @timezone, @adminEmail, @Features::jsonb, @Settings::jsonb);
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select @Id, @Id, 1, @Server, @Database, @Schema, @Tier, @Login, case when @Tier <> 'row' then @Login || '_owner' end,
                case when @Status = 'provisioning' then 'building' else 'current' end
            where @Server::text is not null;
            update database_servers set placed = placed + 1 where name = @Server;
            insert into workflows (digest, kind, version, definition) values (@Digest, @Kind, 1, @Definition::jsonb) on conflict do nothing;
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by)
            values (@operation, @Kind, @Id, @Digest, 'running', '{}', 'seed');
            insert into operation_scopes (scope, operation_id) values ('tenant:' || @Id, @operation);
            """,
            new
            {
                Id = id.Value, slug, plan, Tier = Name(tier), Status = Name(status), domain, region, timezone, adminEmail,
                Features = JsonSerializer.Serialize(features ?? new Dictionary<string, bool>(), Json.Options),
                Settings = JsonSerializer.Serialize(settings ?? new Dictionary<string, JsonElement>(), Json.Options),
                placement?.Server, placement?.Database, placement?.Schema, Login = $"t_{id.Compact}",
                Digest, ProvisionWorkflow.Kind, Definition = JsonSerializer.Serialize(ProvisionWorkflow.Definition, Json.Options), operation,
            });
        return new SeededTenant(registry, id, operation);
    }

    /// <summary>All steps that workers know.</summary>
    public static IReadOnlyList<string> Steps { get; } =
        [.. typeof(StepNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)];

    /// <summary>A process that hosts these steps (all steps when null) and whose heartbeat never expires.</summary>
    public static async Task ProcessAsync(NpgsqlDataSource registry, IReadOnlyList<string>? steps = null)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into processes (id, program, version, engine_level, steps, master_key_ids, connection_budget, heartbeat_at)
            values (@Id, 'test', '0', 1, @Steps, '{}', 0, 'infinity')
            """,
            new { Id = Guid.CreateVersion7(), Steps = (steps ?? Steps).ToArray() });
    }

    /// <summary>A database server in the registry; an existing one is kept.</summary>
    public static async Task ServerAsync(
        NpgsqlDataSource registry, string name, string region = "eu", string host = "127.0.0.1", int port = 5432, int maxTenants = 1000, int maxSchemas = 100)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database)
            values (@name, @region, @host, @port, @maxTenants, @maxSchemas) on conflict do nothing
            """,
            new { name, region, host, port, maxTenants, maxSchemas });
    }

    internal static string Name<T>(T value)
        where T : struct, Enum => JsonSerializer.SerializeToElement(value, Json.Options).GetString()!;
}

/// <summary>A tenant with its running operation.</summary>
public sealed record SeededTenant(NpgsqlDataSource Registry, TenantId Id, Guid OperationId)
{
    public async Task<Tenant> ReadAsync() => (await new TenantStore(Registry).FindAsync(Id))!;

    /// <summary>
    /// Creates a new dispatch of the step, forward or back, and takes its lease. An older context of the same step loses its lease.
    /// </summary>
    public async Task<StepContext> BeginAsync(string step, int attempt = 1)
    {
        var holder = Guid.NewGuid();
        await using var connection = await Registry.OpenConnectionAsync();
        var fence = await connection.ExecuteScalarAsync<long>(
            """
            insert into operation_steps as l (operation_id, step, fence, holder, held_fence, expires_at)
            values (@OperationId, @step, 1, @holder, 1, now() + interval '1 hour')
            on conflict (operation_id, step) do update
            set fence = l.fence + 1, held_fence = l.fence + 1, settled = false, holder = @holder, expires_at = excluded.expires_at
            returning fence
            """,
            new { OperationId, step, holder });
        var inputs = await new StepInputStore(Registry).ReadAsync(OperationId, Seed.Steps, command: true, CancellationToken.None);
        return new StepContext(await ReadAsync(), OperationId, step, attempt, new StepLease(OperationId, step, fence, holder)).With(inputs);
    }

    /// <summary>A further placement of the tenant, which is being built beside its current one.</summary>
    public async Task<TenantPlacement> BesideAsync(string server, IsolationTier tier)
    {
        var id = Guid.CreateVersion7();
        await Seed.ServerAsync(Registry, server);
        await using var connection = await Registry.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var command in PlacementSql.Begin(id, Id, tier, server))
            batch.BatchCommands.Add(command);
        await batch.ExecuteNonQueryAsync();
        await using var find = new NpgsqlCommand($"select {PlacementSql.Columns} from placements p where p.id = $1", connection) { Parameters = { new() { Value = id } } };
        await using var row = await find.ExecuteReaderAsync();
        await row.ReadAsync();
        return PlacementSql.Read(row, 0)!;
    }

    /// <summary>Stores a step's output, as the engine does for later steps.</summary>
    public async Task LeaveAsync(string step, object output)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into operation_steps (operation_id, step, fence, settled, output) values (@OperationId, @step, 1, true, @Output::jsonb)
            on conflict (operation_id, step) do update set output = excluded.output
            """,
            new { OperationId, step, Output = JsonSerializer.Serialize(output, Json.Options) });
    }

    /// <summary>Ends the lease's time, without anybody else taking it.</summary>
    public async Task ExpireAsync(string step)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "update operation_steps set expires_at = now() - interval '1 second' where operation_id = @OperationId and step = @step", new { OperationId, step });
    }

    /// <summary>Records a result of the newest dispatch, so that nobody may write under its lease any more.</summary>
    public async Task SettleAsync(string step)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "update operation_steps set settled = true where operation_id = @OperationId and step = @step", new { OperationId, step });
    }
}
