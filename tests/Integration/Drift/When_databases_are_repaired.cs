using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database.Inventory;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_databases_are_repaired : IAsyncLifetime
{
    private DatabaseWorld world = null!;
    private DriftScans scans = null!;

    public async ValueTask InitializeAsync()
    {
        world = await DatabaseWorld.CreateAsync();
        scans = new(world.Registry);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_set_back_what_was_changed_and_make_a_lost_login_again()
    {
        var (row, schema) = (await ActiveAsync(IsolationTier.Row), await ActiveAsync(IsolationTier.Schema));
        var place = (await schema.ReadAsync()).Placement!;
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{row.Id.Compact} nologin connection limit 7");
        await world.AdminQueryAsync<int>("saga_rows", $"update saga.place set mode = 'closed' where tenant_id = '{row.Id}'");
        await world.AdminQueryAsync<int>(place.Database, $"drop owned by t_{schema.Id.Compact}; drop role t_{schema.Id.Compact}");
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).Count.ShouldBe(3);

        (await scans.RepairAsync(Repair)).ShouldBe(
            [$"repaired role t_{row.Id.Compact}", $"repaired role t_{schema.Id.Compact}", $"repaired place saga_rows/{row.Id}"], ignoreOrder: true);

        (await world.RegistryAsync<long>("select count(*) from drift_findings f join operations o on o.id = f.repaired_by where o.kind = 'repairDrift'")).ShouldBe(3);
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBeEmpty();
        foreach (var tenant in (SeededTenant[])[row, schema])
            await world.AddUserAsync(tenant, withDocument: true);
    }

    [Fact]
    public async Task Should_not_make_what_would_be_empty_and_not_admit_who_is_suspended()
    {
        var (lost, closed) = (await ActiveAsync(IsolationTier.Schema), await ActiveAsync(IsolationTier.Row));
        var place = (await lost.ReadAsync()).Placement!;
        await world.AdminQueryAsync<int>(place.Database, $"drop schema {place.Schema} cascade; delete from saga.place where tenant_id = '{lost.Id}'; drop owned by t_{lost.Id.Compact}; drop role t_{lost.Id.Compact}");
        await world.Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { closed.Id.Value });
        await world.AdminQueryAsync<int>("postgres", $"drop owned by t_{closed.Id.Compact}; drop role t_{closed.Id.Compact}");
        await scans.RunAsync(Repair.Inventory);

        (await scans.RepairAsync(Repair)).ShouldBe(
        [
            $"notRepaired schema {place.Database}.{place.Schema}", $"notRepaired role t_{lost.Id.Compact}", $"notRepaired place {place.Database}/{lost.Id}",
            $"repaired role t_{closed.Id.Compact}", $"alreadyGone place saga_rows/{closed.Id}",
        ], ignoreOrder: true, "with its login a place gets its mode");

        (await AskAsync<bool>("postgres", $"select rolcanlogin from pg_roles where rolname = 't_{closed.Id.Compact}'")).ShouldBeFalse();
        (await AskAsync<string>("saga_rows", $"select mode from saga.place where tenant_id = '{closed.Id}'")).ShouldBe("closed");
        (await AskAsync<bool>(place.Database, $"select exists (select from pg_namespace where nspname = '{place.Schema}')")).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_touch_nothing_that_is_not_so_any_more_or_that_an_operation_works_on()
    {
        var (mended, busy) = (await ActiveAsync(IsolationTier.Row), await ActiveAsync(IsolationTier.Row));
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{mended.Id.Compact} connection limit 7; alter role t_{busy.Id.Compact} connection limit 7");
        await scans.RunAsync(Repair.Inventory);
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{mended.Id.Compact} connection limit 20");
        await world.Registry.ExecuteAsync("insert into operation_scopes (scope, operation_id) values ('tenant:' || @Id, @OperationId)", new { Id = busy.Id.Value, busy.OperationId });

        (await scans.RepairAsync(Repair)).ShouldBe([$"alreadyGone role t_{mended.Id.Compact}", $"leftAlone role t_{busy.Id.Compact}"], ignoreOrder: true);

        (await AskAsync<int>("postgres", $"select rolconnlimit from pg_roles where rolname = 't_{busy.Id.Compact}'")).ShouldBe(7);
        (await scans.OpenAsync()).ShouldBe([$"different role t_{busy.Id.Compact} connections=7!20"]);
    }

    [Fact]
    public async Task Should_bar_a_suspended_tenants_login_that_somebody_made_again_since_the_scan()
    {
        var tenant = await ActiveAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { tenant.Id.Value });
        await world.AdminQueryAsync<int>("saga_rows", $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}'");
        await world.AdminQueryAsync<int>("postgres", $"drop owned by t_{tenant.Id.Compact}; drop role t_{tenant.Id.Compact}");
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe([$"missing role t_{tenant.Id.Compact}"]);
        await world.AdminQueryAsync<int>("postgres", $"create role t_{tenant.Id.Compact} login");

        (await scans.RepairAsync(Repair)).ShouldBe([$"repaired role t_{tenant.Id.Compact}"]);

        (await AskAsync<bool>("postgres", $"select rolcanlogin from pg_roles where rolname = 't_{tenant.Id.Compact}'")).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_finish_a_login_that_an_earlier_attempt_has_made_and_given_no_rights()
    {
        var tenant = await ActiveAsync(IsolationTier.Schema);
        var place = (await tenant.ReadAsync()).Placement!;
        await world.AdminQueryAsync<int>(place.Database, $"drop owned by t_{tenant.Id.Compact}; drop role t_{tenant.Id.Compact}");
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        // As if it had died before the last statement.
        await world.Registry.ExecuteAsync("update drift_findings set ended_at = null, repaired_by = null");
        await world.AdminQueryAsync<int>(place.Database, $"revoke all on all tables in schema {place.Schema} from t_{tenant.Id.Compact}");
        var second = await scans.BeginAsync("repairDrift", new RepairDrift { Items = await scans.FindingsAsync(), Reason = "Somebody has changed it." }, attempt: 2);

        DriftScans.Words(await scans.Repairer.RepairAsync(second, Repair, default)).ShouldBe([$"repaired role t_{tenant.Id.Compact}"]);

        await world.AddUserAsync(tenant, withDocument: true);
    }

    [Fact]
    public async Task Should_say_of_what_vanished_while_it_was_quarantined_that_it_is_gone()
    {
        var tenant = await LeftAsync(IsolationTier.Database);
        await scans.RunAsync(Repair.Inventory);
        var repair = await scans.RepairingAsync();
        await scans.Repairer.RepairAsync(repair, Repair, default);
        var renamed = await world.RegistryAsync<string>("select renamed from drift_quarantine where resource = 'database'");
        await scans.ForgetQuarantinedAsync();
        await world.AdminQueryAsync<int>("postgres", $"drop database {renamed}");

        (await scans.Repairer.RepairAsync(repair, Repair, default)).Items.Select(i => i.Outcome).ShouldBe(["alreadyGone", "quarantined", "quarantined"]);

        (await world.RegistryAsync<string>("select string_agg(resource, ' ') from drift_quarantine where state = 'removed' and ended_at is not null")).ShouldBe("database");
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBeEmpty(tenant.Id.Compact);
    }

    [Fact]
    public async Task Should_act_for_a_tenant_whose_scope_it_holds_itself()
    {
        var tenant = await ActiveAsync(IsolationTier.Row);
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{tenant.Id.Compact} nologin");
        await scans.RunAsync(Repair.Inventory);
        var repair = await scans.RepairingAsync();
        await world.Registry.ExecuteAsync("insert into operation_scopes (scope, operation_id) values ('tenant:' || @Id, @OperationId)", new { Id = tenant.Id.Value, repair.OperationId });

        DriftScans.Words(await scans.Repairer.RepairAsync(repair, Repair, default)).ShouldBe([$"repaired role t_{tenant.Id.Compact}"]);
    }

    [Fact]
    public async Task Should_quarantine_orphans_release_them_as_they_were_and_remove_them_in_the_end()
    {
        var (database, schema) = (await LeftAsync(IsolationTier.Database), await LeftAsync(IsolationTier.Schema));
        var shared = await world.RegistryAsync<string>("select database from placements where tenant_id = @Value", new { schema.Id.Value });
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{schema.Id.Compact} nologin");
        await scans.RunAsync(Repair.Inventory);
        var open = await scans.OpenAsync();
        open.Count.ShouldBe(7);

        (await scans.RepairAsync(Repair)).Select(w => w.Split(' ')[0]).ShouldBe([.. Enumerable.Repeat("quarantined", 6), "notRepaired"], "nobody removes single rows");

        (await AskAsync<string>("postgres", "select string_agg(datname, ' ') from pg_database where datname ~ '^quarantine_' and not datallowconn")).Split(' ').ShouldContain(
            await world.RegistryAsync<string>("select renamed from drift_quarantine where resource = 'database'"));
        (await LeftOverAsync(database, schema)).ShouldBe(0);
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe([$"orphan place {shared}/{schema.Id}"], "what is in quarantine is not found again");
        (await world.RegistryAsync<long>("select count(*) from scheduled_commands where kind = 'removeQuarantined' and state = 'scheduled' and run_at between now() + interval '6 days' and now() + interval '8 days'")).ShouldBe(6);

        await scans.ReleaseAsync(Repair);
        (await scans.StatesAsync()).ShouldBe("released");
        (await world.RegistryAsync<long>("select count(*) from scheduled_commands where state = 'cancelled'")).ShouldBe(6);
        (await AskAsync<string>("postgres", $"select string_agg(rolcanlogin::text, ' ' order by rolname) from pg_roles where rolname in ('t_{database.Id.Compact}', 't_{schema.Id.Compact}')"))
            .Split(' ').ShouldBe(["true", "false"], ignoreOrder: true);
        (await AskAsync<long>($"tenant_{database.Id.Compact}", "select count(*) from pg_tables where tablename = 'users'")).ShouldBe(1);
        (await AskAsync<bool>(shared, $"select has_schema_privilege('t_{schema.Id.Compact}', 't_{schema.Id.Compact}', 'USAGE')")).ShouldBeTrue();
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe(open);

        await scans.RepairAsync(Repair);
        (await scans.RemoveAsync(Repair)).ShouldAllBe(w => w == "removed");
        (await LeftOverAsync(database, schema)).ShouldBe(0);
        (await world.RegistryAsync<long>("select count(*) from drift_quarantine where ended_at is null")).ShouldBe(0);
        foreach (var renamed in (await world.RegistryAsync<string>("select string_agg(renamed, ' ') from drift_quarantine where state = 'removed' and resource in ('role', 'database')")).Split(' '))
            (await AskAsync<long>("postgres", $"select (select count(*) from pg_roles where rolname = '{renamed}') + (select count(*) from pg_database where datname = '{renamed}')")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_finish_a_quarantine_that_an_earlier_attempt_has_begun()
    {
        await LeftAsync(IsolationTier.Database);
        await scans.RunAsync(Repair.Inventory);
        var repair = await scans.RepairingAsync();
        await scans.Repairer.RepairAsync(repair, Repair, default);
        await scans.ForgetQuarantinedAsync();
        await scans.RunAsync(Repair.Inventory);
        (await world.RegistryAsync<long>("select count(*) from drift_findings where ended_at is null")).ShouldBe(0, "a scan meanwhile does not see them under either name");
        await world.Registry.ExecuteAsync("update drift_findings set ended_at = null");

        var output = await scans.Repairer.RepairAsync(repair, Repair, default);

        output.Items.Select(i => i.Outcome).ShouldBe(Enumerable.Repeat("quarantined", 3));
        (await scans.Repairer.RepairAsync(repair, Repair, default)).Items.Select(i => i.Outcome).ShouldBe(Enumerable.Repeat("quarantined", 3), "and says the same when it is asked again");
        (await world.RegistryAsync<long>("select count(*) from scheduled_commands where kind = 'removeQuarantined'")).ShouldBe(3);
        (await scans.StatesAsync()).ShouldBe("quarantined");
    }

    [Fact]
    public async Task Should_release_what_it_quarantined_when_it_is_undone()
    {
        var tenant = await LeftAsync(IsolationTier.Database);
        await scans.RunAsync(Repair.Inventory);
        var open = await scans.OpenAsync();
        var repair = await scans.RepairingAsync();
        await scans.Repairer.RepairAsync(repair, Repair, default);
        await world.Registry.ExecuteAsync("update drift_quarantine set state = 'quarantining' where resource = 'database'");

        await scans.Repairer.UndoAsync(repair, Repair, default);
        await scans.Repairer.UndoAsync(repair, Repair, default);

        (await scans.StatesAsync()).ShouldBe("released");
        (await AskAsync<long>($"tenant_{tenant.Id.Compact}", "select count(*) from pg_tables where tablename = 'users'")).ShouldBe(1);
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe(open);
    }

    [Fact]
    public async Task Should_leave_what_somebody_has_changed_or_the_registry_expects_again()
    {
        var (changed, expected) = (await LeftAsync(IsolationTier.Row), await LeftAsync(IsolationTier.Row));
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        string RenamedOf(SeededTenant tenant) => $"select renamed from drift_quarantine where name = 't_{tenant.Id.Compact}'";
        var renamed = await world.RegistryAsync<string>(RenamedOf(changed));
        await world.AdminQueryAsync<int>("postgres", $"alter role {renamed} login");
        await world.Registry.ExecuteAsync("update placements set state = 'current' where tenant_id = @Value", new { expected.Id.Value });

        (await scans.RemoveAsync(Repair)).ShouldBe(["left Somebody has changed it since it was quarantined.", "left The registry expects a thing of this name again."], ignoreOrder: true);

        await world.Registry.ExecuteAsync("update placements set state = 'gone' where tenant_id = @Value", new { expected.Id.Value });
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).Where(w => w.Contains("role", StringComparison.Ordinal)).ShouldBe(
            [$"orphan role {renamed}", $"orphan role {await world.RegistryAsync<string>(RenamedOf(expected))}"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_not_take_a_name_that_is_somebody_elses_now()
    {
        var tenant = await LeftAsync(IsolationTier.Row);
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        await world.AdminQueryAsync<int>("postgres", $"create role t_{tenant.Id.Compact}");

        (await Should.ThrowAsync<StepFailureException>(() => scans.ReleaseAsync(Repair))).Failure.Code.ShouldBe("quarantine-name-taken");

        (await scans.StatesAsync()).ShouldBe("releasing", "its compensation puts it back into quarantine");
    }

    [Fact]
    public async Task Should_never_touch_what_bears_another_installations_id()
    {
        var tenant = await LeftAsync(IsolationTier.Row);
        await scans.RunAsync(Repair.Inventory);
        await world.AdminQueryAsync<int>("postgres", $"comment on role t_{tenant.Id.Compact} is 'saga installation {Guid.NewGuid()}'");

        (await scans.RepairAsync(Repair)).ShouldContain($"alreadyGone role t_{tenant.Id.Compact}");

        (await AskAsync<bool>("postgres", $"select exists (select from pg_roles where rolname = 't_{tenant.Id.Compact}')")).ShouldBeTrue();
    }

    private async Task<T> AskAsync<T>(string database, string sql) => (await world.AdminQueryAsync<T>(database, sql)).Single();

    private DatabaseRepair Repair => world.Get<DatabaseRepair>();

    private async Task<SeededTenant> ActiveAsync(IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await scans.ActivateAsync(tenant);
        return tenant;
    }

    // As if its provisioning had been undone, and had left everything.
    private async Task<SeededTenant> LeftAsync(IsolationTier tier)
    {
        var tenant = await ActiveAsync(tier);
        await world.Registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value; update placements set state = 'gone' where tenant_id = @Value", new { tenant.Id.Value });
        return tenant;
    }

    private async Task<long> LeftOverAsync(params SeededTenant[] tenants)
    {
        var names = string.Join(", ", tenants.SelectMany(t => (string[])[$"'tenant_{t.Id.Compact}'", $"'t_{t.Id.Compact}'", $"'t_{t.Id.Compact}_owner'"]));
        return await AskAsync<long>("postgres", $"select (select count(*) from pg_roles where rolname in ({names})) + (select count(*) from pg_database where datname in ({names}))");
    }
}
