using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;
using Saga.Engine.Operations;
using Saga.Lifecycle.Provision;
using Saga.Registry.Operations;
using Saga.Registry.Schema;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_steps_become_rows
{
    [Fact]
    public async Task Should_keep_how_far_an_operation_had_come()
    {
        await using var registry = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync("registry"));
        await BeforeAsync(registry);
        var stored = StoredWorkflow.Of(ProvisionWorkflow.Definition);
        Guid tenant = Guid.CreateVersion7(), operation = Guid.CreateVersion7();
        await ExecuteAsync(
            registry,
            """
            insert into workflows (digest, kind, version, definition) values (@Digest, @Kind, @Version, @Json::jsonb);
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email)
            values (@tenant, 'acme', 'Acme', 'basic', 'row', 'provisioning', 'acme', 'UTC', 'admin@example.com');
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, steps, requested_by) values (@operation, @Kind, @tenant, @Digest, 'running', '{}',
              '[{"name": "placement.reserve", "status": "succeeded", "fence": 1, "attempt": 1, "startedAt": "2026-01-02T03:04:05Z", "output": {"server": "eu-1"}},
                {"name": "database.create", "status": "waiting", "fence": 2, "attempt": 2, "dueAt": "2026-01-02T03:05:00.5+00:00", "failure": {"code": "full", "message": "Full.", "transient": true}},
                {"name": "organization.create", "status": "pending"}]', 'ada');
            insert into step_leases (operation_id, step, fence, settled, held_fence) values (@operation, 'placement.reserve', 1, true, 1), (@operation, 'database.create', 2, true, 2);
            """,
            new { stored.Digest, stored.Definition.Kind, stored.Definition.Version, stored.Json, tenant, operation });

        await new RegistryMigrator(registry).MigrateAsync();

        var found = (await new OperationStore(registry).FindAsync(operation))!;
        found.Steps.Select(s => s.Name).ShouldBe(ProvisionWorkflow.Definition.Steps.Select(s => s.Name));
        var steps = found.Steps.ToDictionary(s => s.Name);
        (steps["placement.reserve"].Status, steps["placement.reserve"].Fence, steps["placement.reserve"].StartedAt).ShouldBe((StepStatus.Succeeded, 1, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)));
        steps["placement.reserve"].Output!.Value.GetProperty("server").GetString().ShouldBe("eu-1");
        (steps["database.create"].Status, steps["database.create"].Attempt, steps["database.create"].Failure!.Code).ShouldBe((StepStatus.Waiting, 2, "full"));
        steps["database.create"].DueAt.ShouldBe(new DateTimeOffset(2026, 1, 2, 3, 5, 0, 500, TimeSpan.Zero));
        steps["organization.create"].Status.ShouldBe(StepStatus.Pending);
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        (await connection.QueryAsync<string>("select step from operation_steps where settled order by step")).ShouldBe(["database.create", "placement.reserve"], "a settled lease stays settled");
    }

    // The earlier migrations, as recorded by their migrator.
    private static async Task BeforeAsync(NpgsqlDataSource registry)
    {
        await ExecuteAsync(registry, "create table registry_migrations (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())");
        string[] names = ["0001_registry", "0002_hot_path", "0003_fewer_indexes"];
        foreach (var (name, index) in names.Select((n, i) => (n, i)))
        {
            using var reader = new StreamReader(typeof(RegistryMigrator).Assembly.GetManifestResourceStream(
                typeof(RegistryMigrator).Assembly.GetManifestResourceNames().Single(n => n.EndsWith($"{name}.sql", StringComparison.Ordinal)))!);
            var sql = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");
            await ExecuteAsync(registry, sql);
            await ExecuteAsync(
                registry, "insert into registry_migrations (version, name, checksum) values (@version, @name, @checksum)",
                new { version = index + 1, name, checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))) });
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource registry, string sql, object? parameters = null)
    {
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync(sql, parameters);
    }
}
