using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Batches;

public sealed class When_a_batch_of_upgrades_runs : BatchTest
{
    private static readonly Caller Ada = Caller.OfToken("ada", isAdministrator: true);

    [Fact]
    public async Task Should_upgrade_each_place_once_and_go_on_though_one_fails()
    {
        await using var host = await StartAsync(works: false);
        await ReleasedAsync();
        await TenantAsync("acme", "row", "saga_rows", "product", 1);
        await TenantAsync("bolt", "row", "saga_rows", "product", 2);
        await TenantAsync("crux", "schema", "saga_schemas_1", "t_crux", 1);
        await TenantAsync("dune", "database", "tenant_dune", "product", 1);
        await TenantAsync("edge", "database", "tenant_edge", "product", 3);
        await TenantAsync("flux", "database", "tenant_flux", "product", 1, autoUpdate: false);
        var request = new PrepareUpgrades { TargetVersion = 3, Wave = new() { First = 10 }, StopAtFailureRatio = 1, Reason = "The new version." };
        var batch = await PrepareAsync(host, request, "once");

        var operation = await RunAsync(host, batch);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'running'") == 3, "all have begun");
        (await Registry.ScalarAsync<string>(
            "select string_agg(concat_ws(' ', i.tier, i.database, i.schema, i.tenants, t.slug), ', ' order by i.number) from batch_items i left join tenants t on t.id = i.subject")).ShouldBe(
            "row saga_rows product 2, schema saga_schemas_1 t_crux 1 crux, database tenant_dune product 1 dune");
        (await Registry.ScalarAsync<string>(
            """
            select string_agg(concat_ws(' ', o.kind, o.priority, s.scope = 'tenant:' || o.tenant_id, case when o.tenant_id is null then s.scope end, o.input ->> 'targetVersion', o.input ->> 'includeObjects'), ', ' order by o.input ->> 'database')
            from operations o join operation_scopes s on s.operation_id = o.id where o.parent_id = @operation
            """,
            new { operation })).ShouldBe("upgrade batch database:main/saga_rows 3 false, upgrade batch t 3 false, upgrade batch t 3 false");

        // No worker runs here: their ends are written as the engine does.
        await Registry.ExecuteAsync(
            """
            update operations set state = 'compensated', finished_at = now(), failure = '{"code": "postgresql-22012", "message": "It fails."}' where input ->> 'database' = 'saga_schemas_1';
            update operations set state = 'completed', finished_at = now() where parent_id is not null and finished_at is null
            """);
        Counts(await UntilAsync(host, batch, BatchState.Completed)).ShouldBe("2 Succeeded, 1 Failed");
        (await host.EndAsync(operation)).ShouldBe(Saga.Engine.Operations.OperationState.Completed);

        // A backup that an upgrade made before.
        var backup = await Registry.ScalarAsync<Guid>(
            """
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at)
            select gen_random_uuid(), tenant_id, id, 'completed', 'ada', false, 'database', now() from operations where input ->> 'database' = 'tenant_dune' returning id
            """);
        (await Store(host).ListItemsAsync(batch, null, null, null, 10, TestContext.Current.CancellationToken)).Items.Select(i => i.BackupId).ShouldBe([null, null, backup]);

        // What is left is prepared again. The one without automatic updates must be named.
        await Registry.ExecuteAsync("update placements set schema_version = 3 where database in ('saga_rows', 'tenant_dune')");
        var again = await PrepareAsync(host, new() { TargetVersion = 3, Reason = "Once more." });
        (await Registry.ScalarAsync<string>("select string_agg(database, ' ') from batch_items where batch_id = @again", new { again })).ShouldBe("saga_schemas_1");
        await Registry.ExecuteAsync("update placements set schema_version = 3 where database = 'saga_schemas_1'");
        (await PrepareAsync(host, request, "once")).ShouldBe(batch, "the same request is the same batch, whatever is left");
        var named = await PrepareAsync(host, new() { TargetVersion = 3, Tenants = ["flux"], Reason = "They asked for it." });
        (await Registry.ScalarAsync<string>("select string_agg(database, ' ') from batch_items where batch_id = @named", new { named })).ShouldBe("tenant_flux");
    }

    [Fact]
    public async Task Should_wait_for_the_window_of_a_place_while_others_begin()
    {
        await using var host = await StartAsync(works: false);
        await ReleasedAsync();
        await TenantAsync("acme", "database", "tenant_acme", "product", 1);
        await TenantAsync("bolt", "database", "tenant_bolt", "product", 1);
        // Tomorrow, and never now.
        await Registry.ExecuteAsync(
            """
            update tenants set maintenance_window = jsonb_build_object('days', jsonb_build_array(trim(to_char(now() at time zone 'UTC' + interval '2 days', 'day'))), 'start', '00:00', 'durationMinutes', 60) where slug = 'acme'
            """);
        var batch = await PrepareAsync(host, new() { TargetVersion = 3, Wave = new() { First = 10 }, Reason = "The new version." });
        (await Registry.ScalarAsync<bool>("select not_before > now() from batch_items where database = 'tenant_acme'")).ShouldBeTrue("the preview says so");
        // The runner looks itself.
        await Registry.ExecuteAsync("update batch_items set not_before = null");

        await RunAsync(host, batch);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'running' or not_before > now()") == 2, "one has begun, and one waits");
        (await Registry.ScalarAsync<string>("select string_agg(database || ' ' || state, ', ' order by database) from batch_items")).ShouldBe("tenant_acme pending, tenant_bolt running");

        // The window is moved to now, and its end goes along.
        await Registry.ExecuteAsync(
            """
            update tenants set maintenance_window = '{"days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], "start": "00:00", "durationMinutes": 1440}' where slug = 'acme';
            update batch_items set not_before = null
            """);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'running'") == 2, "both have begun");
        (await Registry.ScalarAsync<string>("select string_agg(concat_ws(' ', input ->> 'database', (input ->> 'closesAt')::timestamptz > now()), ', ' order by input ->> 'database') from operations where kind = 'upgrade'"))
            .ShouldBe("tenant_acme t, tenant_bolt");
    }

    [Fact]
    public async Task Should_keep_its_claim_while_all_wait_and_let_go_of_it_when_it_is_aborted()
    {
        await using var host = await StartAsync(works: false);
        await ReleasedAsync();
        await TenantAsync("acme", "database", "tenant_acme", "product", 1);
        var batch = await PrepareAsync(host, new() { TargetVersion = 3, Reason = "The new version." });
        await Registry.ExecuteAsync("update batch_items set not_before = now() + interval '1 day'");

        await RunAsync(host, batch);

        Guid? claim = null;
        await Until.TrueAsync(async () => (claim = await Registry.ScalarAsync<Guid?>("select claim from batches where wave > 0 and claimed_until > now() + interval '5 seconds'")) is not null, "it is claimed");
        // Several looks of the runner later.
        await Until.TrueAsync(async () => await Registry.ScalarAsync<bool>("select claimed_until < now() + interval '25 seconds' from batches"), "time has passed");
        (await Registry.ScalarAsync<Guid?>("select claim from batches")).ShouldBe(claim);

        await OrderAsync(host, batch, BatchOrder.Abort);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<bool>("select closed from batches"), "its operation knows", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Should_not_defer_what_was_submitted_before_the_window_closed()
    {
        await using var host = await StartAsync(works: false);
        await ReleasedAsync();
        await TenantAsync("acme", "database", "tenant_acme", "product", 1);
        await Registry.ExecuteAsync(
            """update tenants set maintenance_window = '{"days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], "start": "00:00", "durationMinutes": 1440}'""");
        var batch = await PrepareAsync(host, new() { TargetVersion = 3, Reason = "The new version." });
        await RunAsync(host, batch);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'running'") == 1, "it has begun");
        var operation = await Registry.ScalarAsync<Guid>("select operation_id from batch_items");

        // The runner died before it wrote that down, and the window closes.
        await Registry.ExecuteAsync(
            """
            update tenants set maintenance_window = jsonb_build_object('days', jsonb_build_array(trim(to_char(now() at time zone 'UTC' + interval '2 days', 'day'))), 'start', '00:00', 'durationMinutes', 60);
            update batch_items set state = 'pending', wave = null, operation_id = null, begun_at = null
            """);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<bool>("select state = 'running' or not_before is not null from batch_items"), "it is looked at again");
        (await Registry.ScalarAsync<Guid?>("select operation_id from batch_items")).ShouldBe(operation);
        (await Registry.ScalarAsync<long>("select count(*) from operations where kind = 'upgrade'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_upgrade_nothing_before_every_rehearsal_has_succeeded()
    {
        await using var host = await StartAsync(works: false);
        await ReleasedAsync();
        await TenantAsync("crux", "schema", "saga_schemas_1", "t_crux", 1);
        await TenantAsync("dune", "database", "tenant_dune", "product", 1);
        await TenantAsync("edge", "database", "tenant_edge", "product", 1);
        // A rehearsal waits for no window, because it leaves the place as it is.
        await Registry.ExecuteAsync(
            """
            update tenants set maintenance_window = jsonb_build_object('days', jsonb_build_array(trim(to_char(now() at time zone 'UTC' + interval '2 days', 'day'))), 'start', '00:00', 'durationMinutes', 60) where slug = 'crux'
            """);
        var batch = await PrepareAsync(host, new() { TargetVersion = 3, Rehearse = new() { Tenants = ["dune", "crux"] }, StopAtFailureRatio = 1, Wave = new() { First = 10 }, Reason = "The new version." });
        // An orchestrator of the version before has put it off as if it were an upgrade.
        await Registry.ExecuteAsync("update batch_items set not_before = now() + interval '2 days' where rehearsal is not null and subject = (select id from tenants where slug = 'crux')");

        var operation = await RunAsync(host, batch);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'running'") == 2, "both rehearsals have begun");
        (await ItemsAsync()).ShouldBe("crux 1 running, crux pending, dune 1 running, dune pending, edge pending");
        (await Registry.ScalarAsync<string>(
            "select string_agg(concat_ws(' ', o.kind, o.priority, o.input ->> 'database', o.input ->> 'targetVersion', o.input ->> 'includeObjects', s.scope = 'tenant:' || o.tenant_id), ', ' order by o.input ->> 'database') from operations o join operation_scopes s on s.operation_id = o.id where o.parent_id = @operation",
            new { operation })).ShouldBe("rehearseUpgrade batch saga_schemas_1 3 false t, rehearseUpgrade batch tenant_dune 3 false t");

        // One succeeds, and the other one does not. No worker runs here: their ends are written as the engine does.
        await EndAsync("saga_schemas_1", "completed");
        await EndAsync("tenant_dune", "compensated", """{"code": "postgresql-23514", "message": "A title is too long."}""");
        var paused = await UntilAsync(host, batch, BatchState.Paused);
        (paused.PauseCode, paused.PauseReason, paused.Wave).ShouldBe((
            "rehearsal-failed",
            "The rehearsal of tenant 'dune' failed: postgresql-23514: A title is too long. No place was upgraded. Mend what failed and resume the batch, which rehearses it again, or abort the batch.", 1));
        (await ItemsAsync()).ShouldBe("crux 1 succeeded, crux pending, dune 1 failed, dune pending, edge pending");
        (await Registry.ScalarAsync<string>("select data ->> 'code' from operation_history where operation_id = @operation and event = 'batchPaused'", new { operation })).ShouldBe("rehearsal-failed");

        // Only what failed is rehearsed again. Meanwhile its tenant has moved.
        await Registry.ExecuteAsync("update placements set schema = 'elsewhere' where database = 'tenant_dune'");
        (await OrderAsync(host, batch, BatchOrder.Resume)).ShouldBe("");
        await Until.TrueAsync(async () => await ItemsAsync() == "crux 1 succeeded, crux pending, dune 2 refused, dune pending, edge pending", "it is refused");
        (await UntilAsync(host, batch, BatchState.Paused)).PauseReason!.ShouldContain("tenant-state: The rows of tenant 'dune' are not in schema 'product' of database 'tenant_dune' on server 'main' any more.");

        // It is back. This time it stalls while it is undone, is replayed by an operator, and that counts.
        await Registry.ExecuteAsync("update placements set schema = 'product' where database = 'tenant_dune'");
        await OrderAsync(host, batch, BatchOrder.Resume);
        await Until.TrueAsync(async () => await ItemsAsync() == "crux 1 succeeded, crux pending, dune 3 running, dune pending, edge pending", "it is rehearsed once more");
        var third = await Registry.ScalarAsync<Guid>("select operation_id from batch_items where rehearsal = 3");
        await Registry.ExecuteAsync(
            """
            insert into operation_history (operation_id, at, event, data) values (@third, now(), 'stalled', '{}');
            update operations set state = 'stalled', failure = '{"code": "broken", "message": "It is broken."}' where id = @third
            """,
            new { third });
        await UntilAsync(host, batch, BatchState.Paused);
        await OrderAsync(host, batch, BatchOrder.Resume);
        await Until.TrueAsync(async () => await ItemsAsync() == "crux 1 succeeded, crux pending, dune 3 failed, dune pending, edge pending", "it is stalled still");
        await UntilAsync(host, batch, BatchState.Paused);
        await Registry.ExecuteAsync("update operations set state = 'completed', failure = null, finished_at = now() where id = @third; delete from operation_scopes where operation_id = @third", new { third });
        await OrderAsync(host, batch, BatchOrder.Resume);

        // Now the first wave begins. One place waits for its window.
        await Until.TrueAsync(async () => await ItemsAsync() == "crux 1 succeeded, crux pending, dune 3 succeeded, dune running, edge running", "two places are upgraded");
        (await Registry.ScalarAsync<string>("select string_agg(concat_ws(' ', state, wave), ', ' order by number) from batch_items")).ShouldBe("succeeded, succeeded, pending, running 1, running 1");
        (await Registry.ScalarAsync<string>("select string_agg(concat_ws(' ', kind, input ->> 'database'), ', ' order by kind, input ->> 'database') from operations where parent_id = @operation", new { operation })).ShouldBe(
            "rehearseUpgrade saga_schemas_1, rehearseUpgrade tenant_dune, rehearseUpgrade tenant_dune, upgrade tenant_dune, upgrade tenant_edge");
        (await OrderAsync(host, batch, BatchOrder.Abort)).ShouldBe("");
        (await ItemsAsync()).ShouldBe("crux 1 succeeded, crux skipped, dune 3 succeeded, dune running, edge running");

        Task EndAsync(string database, string state, string? failure = null) => Registry.ExecuteAsync(
            """
            delete from operation_scopes where operation_id in (select id from operations where input ->> 'database' = @database);
            update operations set state = @state, finished_at = now(), failure = @failure::jsonb where input ->> 'database' = @database
            """,
            new { database, state, failure });
    }

    [Fact]
    public async Task Should_rehearse_while_another_upgrade_of_the_place_is_under_way()
    {
        await using var host = await StartAsync(works: false);
        await ReleasedAsync();
        await TenantAsync("dune", "database", "tenant_dune", "product", 1);
        var first = await PrepareAsync(host, new() { TargetVersion = 2, Reason = "The new version." });
        await RunAsync(host, first);
        await Until.TrueAsync(async () => await ItemsAsync() == "dune running", "the first one is under way");
        var second = await PrepareAsync(host, new() { TargetVersion = 3, Rehearse = new() { Tenants = ["dune"] }, Reason = "The newer version." });

        await RunAsync(host, second);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<string>("select state from batch_items where rehearsal = 1") == "running", "it was accepted");
        // Not refused: it waits for the tenant.
        (await Registry.ScalarAsync<bool>("select exists (select from operation_scope_waits w join operations o on o.id = w.operation_id where o.kind = 'rehearseUpgrade')")).ShouldBeTrue();
        (await Registry.ScalarAsync<string>("select state from batch_items where batch_id = @second and rehearsal is null", new { second })).ShouldBe("pending");
    }

    private Task<string?> ItemsAsync() => Registry.ScalarAsync<string?>(
        "select string_agg(concat_ws(' ', t.slug, i.rehearsal, i.state), ', ' order by t.slug, i.rehearsal) from batch_items i join tenants t on t.id = i.subject");

    private static async Task<Guid> PrepareAsync(EngineHost host, PrepareUpgrades request, string? key = null) =>
        (await host.Services.GetRequiredService<BatchPreparation>().PrepareAsync(request, Ada, key, TestContext.Current.CancellationToken)).ShouldBeOfType<BatchPrepared.As>().Id;

    private Task ReleasedAsync() => Registry.ExecuteAsync("insert into product_versions (version, name, checksum) select v, 'file' || v, 'x' from generate_series(1, 3) v");

    private async Task TenantAsync(string slug, string tier, string database, string schema, int version, bool autoUpdate = true)
    {
        await Seed.ServerAsync(Registry, "main");
        await Registry.ExecuteAsync(
            """
            with made as (
                insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email, auto_update)
                values (gen_random_uuid(), @slug, @slug, 'basic', @tier, 'active', @slug, 'UTC', 'admin@example.com', @autoUpdate) returning id)
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state, schema_version)
            select gen_random_uuid(), id, 1, 'main', @database, @schema, @tier, 't_' || @slug, case when @tier <> 'row' then 't_' || @slug || '_owner' end, 'current', @version from made
            """,
            new { slug, tier, database, schema, version, autoUpdate });
    }
}
