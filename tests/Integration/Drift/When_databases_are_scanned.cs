using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database.Inventory;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_databases_are_scanned : IAsyncLifetime
{
    private DatabaseWorld world = null!;
    private DriftScans scans = null!;
    private SeededTenant row = null!;
    private SeededTenant schema = null!;
    private SeededTenant database = null!;

    public async ValueTask InitializeAsync()
    {
        world = await DatabaseWorld.CreateAsync();
        scans = new(world.Registry);
        (row, schema, database) = (await ActiveAsync(IsolationTier.Row), await ActiveAsync(IsolationTier.Schema), await ActiveAsync(IsolationTier.Database));
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_find_nothing_where_nobody_meddled()
    {
        var output = await scans.RunAsync(Inventory);

        (await scans.OpenAsync()).ShouldBeEmpty();
        // A login, an owner, a place, and a schema or a database.
        (output.Compared, output.LeftAlone, output.Unread.Count).ShouldBe((2 + 4 + 4, 0, 0));
    }

    [Fact]
    public async Task Should_find_what_was_changed_by_hand_until_it_is_put_right()
    {
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} nologin connection limit 7; grant pg_monitor to t_{row.Id.Compact}");
        await world.AdminQueryAsync<int>("saga_rows", $"update saga.place set mode = 'closed' where tenant_id = '{row.Id}'");
        var place = (await schema.ReadAsync()).Placement!;
        await world.AdminQueryAsync<int>(place.Database, $"drop schema {place.Schema} cascade; delete from saga.place where tenant_id = '{schema.Id}'");
        await world.AdminQueryAsync<int>("postgres", $"alter database tenant_{database.Id.Compact} owner to current_user");
        var owner = new NpgsqlConnectionStringBuilder(world.Admin).Username;

        var output = await scans.RunAsync(Inventory);

        (await scans.OpenAsync()).ShouldBe(
        [
            $"different database tenant_{database.Id.Compact} owner={owner}!t_{database.Id.Compact}_owner",
            $"different place saga_rows/{row.Id} mode=closed!open",
            $"different role t_{row.Id.Compact} connections=7!20 memberOf=pg_monitor, saga_rows_users!saga_rows_users signsIn=no!yes",
            $"missing place {place.Database}/{schema.Id}",
            $"missing schema {place.Database}.{place.Schema}",
        ]);
        (output.Orphans, output.Missing, output.Different).ShouldBe((0, 2, 3));
        output.Unread.ShouldHaveSingleItem().Database.ShouldBe($"tenant_{database.Id.Compact}", "its new owner lets no worker in");

        var seen = await world.RegistryAsync<DateTime>("select max(first_seen_at) from drift_findings");
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} login connection limit 20; revoke pg_monitor from t_{row.Id.Compact}");
        await scans.RunAsync(Inventory);

        (await scans.OpenAsync()).Count.ShouldBe(4);
        (await world.RegistryAsync<long>("select count(*) from drift_findings where ended_at is not null and resource = 'role'")).ShouldBe(1);
        (await world.RegistryAsync<bool>("select bool_and(first_seen_at = @seen and last_seen_at > @seen and first_scan <> last_scan) from drift_findings where ended_at is null", new { seen })).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_find_what_a_registry_that_was_restored_does_not_know_and_nothing_of_another_installation()
    {
        await using var restored = await DatabaseWorld.CreateAsync();
        await using var other = await DatabaseWorld.CreateAsync();
        var installation = await world.RegistryAsync<Guid>("select id from installation");
        await restored.Registry.ExecuteAsync("update installation set id = @installation", new { installation });
        var (here, there) = (new DriftScans(restored.Registry), new DriftScans(other.Registry));

        await here.RunAsync(restored.Get<DatabaseInventory>());
        await there.RunAsync(other.Get<DatabaseInventory>());

        var place = (await schema.ReadAsync()).Placement!;
        (await here.OpenAsync()).ShouldBe(
        [
            $"orphan database tenant_{database.Id.Compact}",
            $"orphan place {place.Database}/{schema.Id}",
            $"orphan place saga_rows/{row.Id}",
            $"orphan role t_{database.Id.Compact}",
            $"orphan role t_{database.Id.Compact}_owner",
            $"orphan role t_{row.Id.Compact}",
            $"orphan role t_{schema.Id.Compact}",
            $"orphan role t_{schema.Id.Compact}_owner",
            $"orphan schema {place.Database}.{place.Schema}",
        ], ignoreOrder: true);
        (await there.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_leave_alone_what_an_operation_works_on_and_find_it_afterwards()
    {
        var unfinished = await world.TenantAsync(IsolationTier.Database);
        foreach (var step in (string[])[StepNames.Reserve, StepNames.Database])
            await world.ExecuteAsync(unfinished, step);
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} nologin");
        await world.Registry.ExecuteAsync("insert into operation_scopes (scope, operation_id) values ('tenant:' || @Id, @OperationId)", new { Id = row.Id.Value, row.OperationId });

        (await scans.RunAsync(Inventory)).LeftAlone.ShouldBe(1);
        (await scans.OpenAsync()).ShouldBeEmpty();

        await world.Registry.ExecuteAsync("delete from operation_scopes where operation_id = @OperationId", new { row.OperationId });
        await scans.RunAsync(Inventory);
        (await scans.OpenAsync()).ShouldBe([$"different role t_{row.Id.Compact} signsIn=no!yes"]);

        // As if it had been undone, and had left everything.
        await scans.ActivateAsync(unfinished);
        await world.Registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value; update placements set state = 'gone' where tenant_id = @Value", new { unfinished.Id.Value });
        await scans.RunAsync(Inventory);

        // Its place is in its database, which has to go as a whole.
        (await scans.OpenAsync()).ShouldBe(
            [$"different role t_{row.Id.Compact} signsIn=no!yes", $"orphan database tenant_{unfinished.Id.Compact}", $"orphan role t_{unfinished.Id.Compact}", $"orphan role t_{unfinished.Id.Compact}_owner"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_compare_the_tenants_that_it_was_asked_for()
    {
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} nologin; alter role t_{schema.Id.Compact} nologin");

        (await scans.RunAsync(Inventory, 1, row.Id)).Compared.ShouldBe(2);

        (await scans.OpenAsync()).ShouldBe([$"different role t_{row.Id.Compact} signsIn=no!yes"]);
    }

    [Fact]
    public async Task Should_write_nothing_when_it_wakes_up_late()
    {
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} nologin");
        var stale = await scans.BeginAsync();
        await world.Registry.ExecuteAsync("update operation_steps set fence = fence + 1, holder = gen_random_uuid() where operation_id = @OperationId", new { stale.OperationId });

        await Should.ThrowAsync<LeaseLostException>(() => scans.RunAsync(Inventory, stale));

        (await scans.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_what_it_could_not_read_and_keep_what_it_knew_of_it()
    {
        await using var both = await DatabaseWorld.CreateAsync(world.Registry, settings: ("Saga:Databases:Servers:away:ConnectionString", "Host=127.0.0.1;Port=1;Username=x;Timeout=1"));
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} nologin");
        await world.Registry.ExecuteAsync(
            """
            insert into drift_findings (id, resource, kind, server, name, differences, first_seen_at, last_seen_at, first_scan, last_scan)
            values (gen_random_uuid(), 'role', 'orphan', 'away', 'left', '[]', now(), now(), gen_random_uuid(), gen_random_uuid())
            """);
        var inventory = both.Get<DatabaseInventory>();

        await Should.ThrowAsync<StepFailureException>(() => scans.RunAsync(inventory));
        (await scans.OpenAsync()).Count.ShouldBe(1);
        var output = await scans.RunAsync(inventory, attempt: 3);

        output.Unread.ShouldHaveSingleItem().Server.ShouldBe("away");
        (await scans.OpenAsync()).ShouldBe([$"different role t_{row.Id.Compact} signsIn=no!yes", "orphan role left"]);
    }

    private DatabaseInventory Inventory => world.Get<DatabaseInventory>();

    private async Task<SeededTenant> ActiveAsync(IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await scans.ActivateAsync(tenant);
        return tenant;
    }
}
