using System.Globalization;
using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.Revert;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_backup_replaces_rows_in_shared_tables
{
    private static readonly string[] Steps = [.. RestoreWorkflow.ReplaceShared.Steps.Select(s => s.Name)];
    private static readonly string[] Back = [.. RevertWorkflow.PutBack.Steps.Select(s => s.Name)];

    // Until the pivot everything can be undone.
    public static TheoryData<string> Undoable => [.. Steps.TakeWhile(s => s != StepNames.KeepReplaced)];

    [Fact]
    public async Task Should_have_the_rows_of_the_backup_and_keep_what_was_replaced()
    {
        await using var world = await BackupWorld.CreateAsync();
        var neighbour = await world.ActiveAsync(IsolationTier.Row);
        await world.WriteAsync(neighbour);
        var tenant = await ChangedAsync(world);
        var place = (await tenant.ReadAsync()).Current!;

        // The answer of each first attempt was lost.
        foreach (var step in Steps)
        {
            await RunAsync(world, tenant, step);
            await RunAsync(world, tenant, step);
        }

        (await world.EmailsAsync(tenant)).ShouldBe(["a@acme.com"]);
        (await world.EmailsAsync(neighbour)).ShouldBe(["a@acme.com", "new@acme.com"], "the rows of others stay");
        var now = await tenant.ReadAsync();
        (now.Tier, now.Current).ShouldBe((IsolationTier.Row, place));
        now.Holds.ShouldBeEmpty();
        var (database, schema) = await KeptAsync(world);
        (await world.Database.AdminQueryAsync<string>(database, $"select email from {schema}.users")).ShouldBe(["changed@acme.com"]);
        (await world.Database.AdminQueryAsync<bool>("postgres", "select bool_or(rolcanlogin) from pg_roles where rolname = '" + await world.Registry.ScalarAsync<string>("select login from placements where state = 'kept'") + "'"))
            .ShouldBe([false], "nobody works with what is kept");
        (await world.Registry.ScalarAsync<bool>("select kept_until > now() + interval '23 hours' from placements where state = 'kept'")).ShouldBeTrue();
        (await world.Registry.ScalarAsync<string>("select string_agg(kind, ' ') from scheduled_commands where state = 'scheduled'")).ShouldBe("remove-copy");
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantRestored'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'restore.complete'")).ShouldBe(1);
        (await world.RestoredDatabasesAsync(tenant)).ShouldBe(0);
        await world.WriteAsync(tenant);
    }

    [Fact]
    public async Task Should_put_back_what_was_replaced_when_nothing_was_written_since()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ReplacedAsync(world);

        foreach (var step in Back)
        {
            await RunAsync(world, tenant, step);
            await RunAsync(world, tenant, step);
        }

        (await world.EmailsAsync(tenant)).ShouldBe(["changed@acme.com"]);
        (await tenant.ReadAsync()).Holds.ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("current gone");
        (await world.Registry.ScalarAsync<long>("select placed from database_servers where name = 'main'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<string>("select string_agg(state, ' ') from scheduled_commands where kind = 'remove-copy'")).ShouldBe("cancelled");
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantMoved'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from tenant_credentials where purpose like 'database%'")).ShouldBe(1);
        await world.WriteAsync(tenant);
    }

    [Fact]
    public async Task Should_keep_what_was_restored_when_a_row_was_written_since()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ReplacedAsync(world);
        await world.WriteAsync(tenant);
        foreach (var step in Back.TakeWhile(s => s != StepNames.CompareCopy))
            await RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.CompareCopy))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("written-since-restore", false));
        failure.Message.ShouldContain("Table 'users' differs: 2 rows");
    }

    [Fact]
    public async Task Should_undo_a_revert_that_has_put_nothing_back_and_no_other()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ReplacedAsync(world);
        foreach (var step in Back.TakeWhile(s => s != StepNames.PutBackRows))
            await RunAsync(world, tenant, step);

        await world.Database.CompensateAsync(tenant, StepNames.PutBackRows);
        await RunAsync(world, tenant, StepNames.PutBackRows);

        (await Should.ThrowAsync<StepFailureException>(() => world.Database.CompensateAsync(tenant, StepNames.PutBackRows))).Failure.Code.ShouldBe("already-switched");
    }

    [Fact]
    public async Task Should_go_back_one_restore_at_a_time()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ReplacedAsync(world);
        await world.WriteAsync(tenant);
        await world.Registry.ExecuteAsync("delete from operation_steps; delete from scheduled_commands");
        await RunAllAsync(world, tenant, Steps);
        await world.Registry.ExecuteAsync("delete from operation_steps");

        await RunAllAsync(world, tenant, Back);

        (await world.EmailsAsync(tenant)).ShouldBe(["a@acme.com", "new@acme.com"]);
        (await world.Registry.ScalarAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("current kept gone");
    }

    [Fact]
    public async Task Should_not_put_back_rows_of_a_place_that_the_tenant_has_left()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ReplacedAsync(world);
        await world.Registry.ExecuteAsync("update placements set state = 'gone' where state = 'current'");

        (await world.Database.Get<PlacementStore>().KeptAsync(tenant.Id, default)).ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Undoable))]
    public async Task Should_leave_everything_as_it_was_when_it_is_undone_after(string last)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        var done = Steps.TakeWhile(s => s != last).Append(last).ToArray();
        await RunAllAsync(world, tenant, done);

        for (var times = 0; times < 2; times++)
        {
            foreach (var step in done.Reverse())
                await world.Database.CompensateAsync(tenant, step);
        }

        await world.Database.Connections.CloseAsync(tenant.Id);
        (await world.EmailsAsync(tenant)).ShouldBe(["changed@acme.com"]);
        (await tenant.ReadAsync()).Holds.ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select string_agg(state, ' ') from placements where state <> 'gone'")).ShouldBe("current");
        (await world.Registry.ScalarAsync<long>("select placed from database_servers where name = 'main'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from tenant_credentials where purpose like 'database%'")).ShouldBe(1);
        (await world.RestoredDatabasesAsync(tenant)).ShouldBe(0);
        await world.WriteAsync(tenant);
    }

    [Fact]
    public async Task Should_not_be_undone_once_what_was_replaced_is_kept()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.OpenReplaced));

        foreach (var step in (string[])[StepNames.KeepReplaced, StepNames.ReplaceRows])
            (await Should.ThrowAsync<StepFailureException>(() => world.Database.CompensateAsync(tenant, step))).Failure.Code.ShouldBe("already-replaced");
    }

    [Theory]
    [InlineData(StepNames.CreateKept)]
    [InlineData(StepNames.FillKept)]
    public async Task Should_not_overwrite_the_only_copy_of_the_former_rows(string retried)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.KeepReplaced));

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, retried))).Failure.Code.ShouldBe("rows-replaced");

        var (database, schema) = await KeptAsync(world);
        (await world.Database.AdminQueryAsync<string>(database, $"select email from {schema}.users")).ShouldBe(["changed@acme.com"]);
    }

    [Fact]
    public async Task Should_replace_nothing_when_nothing_was_kept()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        // An operator has skipped the step.
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.ReplaceRows).Where(s => s != StepNames.FillKept));

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.ReplaceRows))).Failure.Code.ShouldBe("output-missing");
        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.KeepReplaced))).Failure.Code.ShouldBe("rows-not-replaced");

        (await world.Database.AdminQueryAsync<string>(PlacementStore.RowDatabase, $"select email from product.users where tenant_id = '{tenant.Id}'")).ShouldBe(["changed@acme.com"]);
    }

    [Fact]
    public async Task Should_let_nobody_write_while_rows_are_kept_and_nobody_read_while_they_are_replaced()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await using var direct = await SignInAsync(world, tenant);

        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.FillKept));
        await using var reader = await SignInAsync(world, tenant);
        (await reader.ExecuteScalarAsync<long>("select count(*) from users")).ShouldBe(1);
        (await Should.ThrowAsync<PostgresException>(() => reader.ExecuteAsync("update users set display_name = 'B'"))).SqlState.ShouldBe("SG003");
        await RunAllAsync(world, tenant, [StepNames.FillKept, StepNames.TakeAwayReplaced]);

        await using var late = await SignInAsync(world, tenant);
        (await Should.ThrowAsync<PostgresException>(() => late.ExecuteScalarAsync<long>("select count(*) from users"))).SqlState.ShouldBe("SG001");
        (await Should.ThrowAsync<NpgsqlException>(() => direct.ExecuteScalarAsync<long>("select count(*) from users"))).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_change_nothing_when_a_restored_row_refers_to_one_that_is_not_there()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.ReplaceRows));
        var restored = await world.Registry.ScalarAsync<string>("select database from restored_databases");
        await world.Database.AdminQueryAsync<int>(restored!, "set session_replication_role = replica; delete from product.users; select 1");

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.ReplaceRows))).Failure.Code.ShouldBe("reference-missing");

        (await world.Database.AdminQueryAsync<string>(PlacementStore.RowDatabase, $"select email from product.users where tenant_id = '{tenant.Id}'")).ShouldBe(["changed@acme.com"]);
        await world.Database.CompensateAsync(tenant, StepNames.ReplaceRows);
        (await world.Database.AdminQueryAsync<string>(PlacementStore.RowDatabase, $"select email from product.users where tenant_id = '{tenant.Id}'")).ShouldBe(["changed@acme.com"]);
    }

    [Fact]
    public async Task Should_need_room_on_the_server()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await RunAsync(world, tenant, StepNames.CheckBackup);
        await world.Registry.ExecuteAsync("update database_servers set max_tenants = placed");

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.ReserveKept))).Failure.Code.ShouldBe("server-full");
    }

    [Fact]
    public async Task Should_be_removed_when_its_time_is_over()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ReplacedAsync(world);
        var (database, schema) = await KeptAsync(world);
        await world.Registry.ExecuteAsync("update operations set input = jsonb_build_object('tenantId', tenant_id, 'placementId', (select id from placements where state = 'kept')) where id = @OperationId", new { tenant.OperationId });

        await world.Database.ExecuteAsync(tenant, StepNames.DropCopy);

        (await world.Database.AdminQueryAsync<string>(database, $"select nspname from pg_namespace where nspname = '{schema}'")).ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("current gone");
        (await world.EmailsAsync(tenant)).ShouldBe(["a@acme.com"]);
    }

    [Theory]
    [InlineData(StepNames.FillKept)]
    [InlineData(StepNames.ReplaceRows)]
    [InlineData(StepNames.KeepReplaced)]
    public async Task Should_do_nothing_in_a_late_attempt(string step)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != step));
        var late = await tenant.BeginAsync(step);
        await tenant.BeginAsync(step);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).ExecuteAsync(late, default));

        (await world.Registry.ScalarAsync<long>("select count(*) from placements where state = 'kept'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_undone_only_after_a_stale_attempt_has_ended()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.KeepReplaced));
        var rows = $"update product.users set email = '{{0}}' where tenant_id = '{tenant.Id}'";
        // The former rows are there, as long as the attempt that replaces them has not committed.
        await world.Database.AdminQueryAsync<int>(PlacementStore.RowDatabase, string.Format(CultureInfo.InvariantCulture, rows, "changed@acme.com") + "; select 1");
        await using var stale = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Database.Admin) { Database = PlacementStore.RowDatabase, Pooling = false }.ConnectionString);
        await stale.OpenAsync();
        await stale.ExecuteAsync($"select pg_advisory_lock(hashtextextended('{tenant.Id}', 1)); begin; " + string.Format(CultureInfo.InvariantCulture, rows, "a@acme.com"));

        var undoing = world.Database.CompensateAsync(tenant, StepNames.ReplaceRows);
        await Until.TrueAsync(async () => (await world.Database.AdminQueryAsync<bool>(PlacementStore.RowDatabase,
            "select exists (select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database()))"))[0]);
        await stale.ExecuteAsync("commit; select pg_advisory_unlock_all()");
        await undoing;

        (await world.Database.AdminQueryAsync<string>(PlacementStore.RowDatabase, $"select email from product.users where tenant_id = '{tenant.Id}'")).ShouldBe(["changed@acme.com"]);
    }

    private static async Task<SeededTenant> ReplacedAsync(BackupWorld world)
    {
        var tenant = await ChangedAsync(world);
        await RunAllAsync(world, tenant, Steps);
        return tenant;
    }

    // A tenant whose rows have changed since its backup, and whose operation restores that.
    private static async Task<SeededTenant> ChangedAsync(BackupWorld world)
    {
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        var backup = await world.BackUpAsync(tenant);
        await world.Registry.ExecuteAsync(
            "delete from outbox; delete from operation_steps; update operations set kind = 'restore', input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new RestoreTenant { TenantId = tenant.Id, BackupId = backup, Mode = "replace" }, Contracts.Json.Options) });
        await using var session = await world.Database.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("update users set email = 'changed@acme.com'");
        await session.CommitAsync(default);
        return tenant;
    }

    private static async Task RunAllAsync(BackupWorld world, SeededTenant tenant, IEnumerable<string> steps)
    {
        foreach (var step in steps)
            await RunAsync(world, tenant, step);
    }

    // Later steps read what these return.
    private static async Task RunAsync(BackupWorld world, SeededTenant tenant, string step)
    {
        if (await world.Database.ExecuteAsync(tenant, step) is { } output and (MoveOutput or RestoredOutput or KeptRowsOutput))
            await tenant.LeaveAsync(step, output);
    }

    private static async Task<(string Database, string Schema)> KeptAsync(BackupWorld world) => (
        (await world.Registry.ScalarAsync<string>("select database from placements where keeps is not null and state <> 'gone'"))!,
        (await world.Registry.ScalarAsync<string>("select schema from placements where keeps is not null and state <> 'gone'"))!);

    private static async Task<NpgsqlConnection> SignInAsync(BackupWorld world, SeededTenant tenant) => await Database.MoveWorld.SignInAsync(world.Database, tenant);
}
