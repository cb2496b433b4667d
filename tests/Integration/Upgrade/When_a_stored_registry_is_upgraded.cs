using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Holds;
using Saga.Registry.Operations;
using Saga.Registry.Schema;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>The programs of an earlier version were stopped, and the current ones start with its data.</summary>
public sealed class When_a_stored_registry_is_upgraded
{
    private const string Version = "3b48fc0";

    [Fact]
    public async Task Should_read_every_operation_and_tenant()
    {
        await using var registry = await UpgradedAsync();

        var operations = await new OperationStore(registry).ListAsync(new OperationFilter(), null, 100, TestContext.Current.CancellationToken);
        operations.Items.Select(o => (o.TenantSlug?.ToString(), o.State)).ShouldBe(
            [
                ("in-rows", OperationState.Completed), ("in-schema", OperationState.Completed), ("in-database", OperationState.Completed),
                ("undone", OperationState.Compensated), ("stuck", OperationState.Stalled), ("returning", OperationState.Compensating),
                ("paused", OperationState.Running), ("inflight", OperationState.Running), ("fresh", OperationState.Accepted),
            ], ignoreOrder: true);
        var inflight = operations.Items.Single(o => o.TenantSlug?.ToString() == "inflight").Steps.ToDictionary(s => s.Name);
        (inflight["reserve"].Status, inflight["database"].Status, inflight["storage"].Status, inflight["cache"].Status, inflight["verify"].Status).ShouldBe(
            (StepStatus.Succeeded, StepStatus.Running, StepStatus.Waiting, StepStatus.Deferred, StepStatus.Pending));

        var tenants = await new TenantListing(registry).ListAsync(new TenantFilter(), "slug", null, 100, TestContext.Current.CancellationToken);
        tenants.Items.Select(t => t.Slug.ToString()).ShouldBe(["fresh", "in-database", "in-rows", "in-schema", "inflight", "paused", "returning", "stuck", "undone"]);
        var schema = tenants.Items.Single(t => t.Slug.ToString() == "in-schema");
        schema.Placement.ShouldNotBeNull().Server.ShouldBe("eu-1");
        schema.Placement.Database.ShouldBe("saga_schemas_1");
        schema.Placement.Schema.ShouldBe($"t_{schema.Id.Compact}");
        (schema.Status, schema.ShownStatus).ShouldBe((TenantStatus.Active, TenantStatus.Suspended), "it was suspended");
        var hold = (await new HoldStore(registry).ListAsync(schema.Id, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        (hold.Code, hold.Effect).ShouldBe((HoldCode.Other, HoldEffect.Closed));
        tenants.Items.Single(t => t.Slug.ToString() == "in-rows").Tier.ShouldBe(IsolationTier.Row);
        tenants.Items.Single(t => t.Slug.ToString() == "undone").Placement.ShouldBeNull();
    }

    [Fact]
    public async Task Should_give_logins_and_migrations_to_placements()
    {
        await using var registry = await StoredRegistry.LoadAsync(Version);
        // As that version stored them. The last two have no placement: one was undone, and one is not placed yet.
        await WriteAsync(
            registry,
            """
            insert into tenant_credentials (tenant_id, purpose, username, sealed)
            select id, purpose, slug, '' from tenants cross join unnest(array['database', 'cache']) purpose where slug in ('in-rows', 'in-database', 'inflight', 'undone');
            insert into tenant_migrations (tenant_id, version, name, checksum)
            select id, number, slug || number, '' from tenants cross join generate_series(1, 2) number where slug in ('in-rows', 'inflight', 'fresh');
            update tenants set schema_version = 2 where slug in ('in-rows', 'inflight');
            """);

        await new RegistryMigrator(registry).MigrateAsync(TestContext.Current.CancellationToken);

        (await ScalarAsync<string>(registry,
            """
            select string_agg(concat_ws(' ', username, purpose, p.state, p.server), ', ' order by username, purpose)
            from tenant_credentials c left join placements p on p.id = c.placement_id and p.tenant_id = c.tenant_id
            """))
            .ShouldBe(
                "in-database cache, in-database database current eu-1, in-rows cache, in-rows database current eu-1, "
                + "inflight cache, inflight database building eu-1, undone cache");
        (await ScalarAsync<string>(registry,
            """
            select string_agg(m.name || ' ' || p.state, ', ' order by m.name)
            from tenant_migrations m join placements p on p.id = m.placement_id and p.tenant_id = m.tenant_id
            """))
            .ShouldBe("in-rows1 current, in-rows2 current, inflight1 building, inflight2 building");
        var tenants = await new TenantListing(registry).ListAsync(new TenantFilter(), "slug", null, 100, TestContext.Current.CancellationToken);
        tenants.Items.Where(t => t.SchemaVersion is not null).Select(t => $"{t.Slug} {t.SchemaVersion}").ShouldBe(["in-rows 2", "inflight 2"]);
        (await ScalarAsync<string>(registry, "select string_agg(username, ' ' order by username) from runtime_v1.credentials where purpose = 'database'"))
            .ShouldBe("in-database in-rows inflight");
    }

    [Fact]
    public async Task Should_end_every_operation()
    {
        await using var registry = await UpgradedAsync();
        await using var host = await TodaysPrograms.StartAsync(registry);

        await EndsAsync(registry, "fresh", "completed", "active");
        await EndsAsync(registry, "inflight", "completed", "active");
        await EndsAsync(registry, "paused", "completed", "active");
        await EndsAsync(registry, "returning", "compensated", "failed");
        await EndsAsync(registry, "stuck", "stalled", "active");
        await EndsAsync(registry, "undone", "compensated", "failed");
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(async () => await connection.ExecuteScalarAsync<long>("select count(*) from outbox") == 0, "every message of the earlier version leaves the outbox");
    }

    [Fact]
    public async Task Should_give_todays_steps_the_outputs_of_earlier_ones_in_the_workflow_of_then()
    {
        var mails = Directory.CreateTempSubdirectory("saga-mails-");
        await using var registry = await UpgradedAsync();
        // Version 1 uses other step names and does not declare the steps' needs.
        (await ScalarAsync<string>(registry, "select distinct definition ->> 'version' from workflows")).ShouldBe("1");
        await using (var host = await TodaysPrograms.StartAsync(registry, mails.FullName))
        {
            // Created for another tenant. The mail reflects this, which proves that it used the output of the administrator's step.
            await host.Get<IDirectory>().EnsureUserAsync(new TenantId(Guid.CreateVersion7()), "admin@fresh.example", TestContext.Current.CancellationToken);

            await EndsAsync(registry, "fresh", "completed", "active");
        }

        (await ScalarAsync<string>(registry, "select organization_id from tenants where slug = 'fresh'")).ShouldNotBeNull();
        mails.GetFiles("*.eml").Select(f => File.ReadAllText(f.FullName)).Single(m => m.Contains("admin@fresh.example", StringComparison.Ordinal))
            .ShouldContain("your existing password");
        mails.Delete(recursive: true);
    }

    private static async Task<T?> ScalarAsync<T>(NpgsqlDataSource registry, string sql)
    {
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return await connection.ExecuteScalarAsync<T>(sql);
    }

    private static async Task WriteAsync(NpgsqlDataSource registry, string sql)
    {
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync(sql);
    }

    private static async Task<NpgsqlDataSource> UpgradedAsync()
    {
        var registry = await StoredRegistry.LoadAsync(Version);
        await new RegistryMigrator(registry).MigrateAsync(TestContext.Current.CancellationToken);
        return registry;
    }

    private static async Task EndsAsync(NpgsqlDataSource registry, string slug, string state, string status)
    {
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(
            async () => await connection.QuerySingleAsync<(string State, string Status)>(
                "select o.state, t.status from tenants t join operations o on o.tenant_id = t.id where t.slug = @slug", new { slug }) == (state, status),
            $"the operation of '{slug}' is {state} and its tenant {status}", TimeSpan.FromSeconds(60));
    }
}
