using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Drift;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Tests.Integration.Cache;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Shouldly;
using StackExchange.Redis;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_the_cache_is_repaired : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private DriftScans scans = null!;
    private SeededTenant tenant = null!;
    private WorkerHost host = null!;
    private ConnectionMultiplexer admin = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        scans = new(registry);
        tenant = await Seed.TenantAsync(registry, "acme");
        var redis = await RedisServer.SharedAsync();
        host = CacheHost.On(redis, registry);
        admin = await ConnectionMultiplexer.ConnectAsync(redis.Address + ",allowAdmin=true");
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), default);
        await scans.ActivateAsync(tenant);
    }

    public async ValueTask DisposeAsync()
    {
        await admin.DisposeAsync();
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_set_back_users_and_make_them_again_with_the_stored_password()
    {
        var password = await PasswordsAsync();
        foreach (var rules in (string[][])[["SETUSER", User, "off", "allkeys", "nopass"], ["DELUSER", User]])
        {
            await AclAsync(rules);
            await scans.RunAsync(Repair.Inventory);

            (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);

            await scans.RunAsync(Repair.Inventory);
            (await scans.OpenAsync()).ShouldBeEmpty();
            (await PasswordsAsync()).ShouldBe(password);
        }
    }

    [Fact]
    public async Task Should_switch_off_the_user_of_a_suspended_tenant()
    {
        await registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);

        (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);
        (await IsOnAsync()).ShouldBeFalse();

        await AclAsync("DELUSER", User);
        await scans.RunAsync(Repair.Inventory);
        (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);
        (await IsOnAsync()).ShouldBeFalse("made again, it is as its tenant is");
    }

    [Fact]
    public async Task Should_quarantine_an_orphan_release_it_and_remove_it_in_the_end()
    {
        await registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);

        (await scans.RepairAsync(Repair)).ShouldBe([$"quarantined cacheUser {User}"]);
        (await IsOnAsync()).ShouldBeFalse();
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBeEmpty();

        await scans.ReleaseAsync(Repair);
        (await IsOnAsync()).ShouldBeTrue();

        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        (await scans.RemoveAsync(Repair)).ShouldBe(["removed"]);
        (await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).IsNull.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_leave_a_user_that_somebody_has_switched_on()
    {
        await registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        await AclAsync("SETUSER", User, "on");

        (await scans.RemoveAsync(Repair)).ShouldBe(["left Somebody has changed it since it was quarantined."]);

        (await IsOnAsync()).ShouldBeTrue();
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe([$"orphan cacheUser {User}"]);
        await AclAsync("DELUSER", User);
    }

    [Fact]
    public async Task Should_switch_off_a_suspended_tenants_user_that_somebody_made_again_since_the_scan()
    {
        await registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { tenant.Id.Value });
        await AclAsync("DELUSER", User);
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe([$"missing cacheUser {User}"]);
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), default);
        (await IsOnAsync()).ShouldBeTrue();

        (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);

        (await IsOnAsync()).ShouldBeFalse();
        (await scans.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_that_a_user_is_gone_that_vanished_while_it_was_quarantined()
    {
        await registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);
        var repair = await scans.RepairingAsync();
        await scans.Repairer.RepairAsync(repair, Repair, default);
        await scans.ForgetQuarantinedAsync();
        await AclAsync("DELUSER", User);

        for (var attempt = 1; attempt <= 2; attempt++)
            DriftScans.Words(await scans.Repairer.RepairAsync(repair, Repair, default)).ShouldBe([$"alreadyGone cacheUser {User}"]);

        (await scans.StatesAsync()).ShouldBe("removed");
        (await registry.ScalarAsync<long>("select count(*) from drift_findings where ended_at is not null and repaired_by is null")).ShouldBe(1);
        (await registry.ScalarAsync<long>("select count(*) from scheduled_commands")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_put_off_the_removal_when_a_release_is_undone()
    {
        var thing = await QuarantineAsync();
        var first = await registry.ScalarAsync<Guid>("select removal from drift_quarantine");
        // Its time was over when somebody wanted it back.
        await registry.ExecuteAsync("update drift_quarantine set until = now() - interval '1 minute', state = 'releasing'");
        var release = await scans.BeginAsync("releaseQuarantined", new ReleaseQuarantined { QuarantineId = thing, Reason = "Somebody needs it." });

        await scans.Repairer.UndoReleaseAsync(release, Repair, default);
        await scans.Repairer.UndoReleaseAsync(release, Repair, default);

        (await registry.ScalarAsync<string>(
            """
            select concat_ws(' ', q.state, q.until > now() + interval '23 hours', s.state, s.run_at = q.until, (select state from scheduled_commands where id = @first))
            from drift_quarantine q join scheduled_commands s on s.id = q.removal
            """, new { first })).ShouldBe("quarantined t scheduled t cancelled");
        // The former one may have been accepted before, and have waited meanwhile.
        var late = await scans.BeginAsync("removeQuarantined", new RemoveQuarantined { QuarantineId = thing });
        await registry.ExecuteAsync("update operations set requested_by = 'schedule:' || @first where id = @OperationId", new { first, late.OperationId });
        (await scans.Repairer.RemoveAsync(late, Repair, default)).Outcome.ShouldBe("quarantined");
        (await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).IsNull.ShouldBeFalse();
        await registry.ExecuteAsync("update operations set requested_by = 'schedule:' || (select removal from drift_quarantine) where id = @OperationId", new { late.OperationId });
        (await scans.Repairer.RemoveAsync(late, Repair, default)).Outcome.ShouldBe("removed");
    }

    [Fact]
    public async Task Should_end_the_quarantine_of_what_is_gone_when_a_release_is_undone()
    {
        var thing = await QuarantineAsync();
        await registry.ExecuteAsync("update drift_quarantine set state = 'releasing'");
        await AclAsync("DELUSER", User);

        await scans.Repairer.UndoReleaseAsync(
            await scans.BeginAsync("releaseQuarantined", new ReleaseQuarantined { QuarantineId = thing, Reason = "Somebody needs it." }), Repair, default);

        (await scans.StatesAsync()).ShouldBe("removed");
        (await registry.ScalarAsync<string>("select state from scheduled_commands")).ShouldBe("cancelled");
    }

    [Fact]
    public async Task Should_have_one_removal_however_often_one_is_undone()
    {
        var thing = await QuarantineAsync();
        await registry.ExecuteAsync("update drift_quarantine set state = 'removing'");
        var removal = await scans.BeginAsync("removeQuarantined", new RemoveQuarantined { QuarantineId = thing });

        await scans.Repairer.UndoRemoveAsync(removal, default);
        await scans.Repairer.UndoRemoveAsync(removal, default);

        (await registry.ScalarAsync<string>("select string_agg(state, ' ' order by state) from scheduled_commands")).ShouldBe("cancelled cancelled scheduled");
        (await registry.ScalarAsync<bool>(
            "select q.state = 'quarantined' and s.state = 'scheduled' and s.run_at between now() + interval '23 hours' and now() + interval '25 hours' from drift_quarantine q join scheduled_commands s on s.id = q.removal"))
            .ShouldBeTrue();
    }

    [Theory]
    [InlineData("quarantining")]
    [InlineData("quarantined")]
    [InlineData("releasing")]
    [InlineData("removing")]
    public async Task Should_release_from_every_state_in_which_an_operation_may_have_left_it(string state)
    {
        var thing = await QuarantineAsync();
        await registry.ExecuteAsync("update drift_quarantine set state = @state", new { state });

        (await scans.Repairer.ReleaseAsync(
            await scans.BeginAsync("releaseQuarantined", new ReleaseQuarantined { QuarantineId = thing, Reason = "Somebody needs it." }), Repair, default)).Outcome.ShouldBe("released");

        (await IsOnAsync()).ShouldBeTrue();
        (await scans.StatesAsync()).ShouldBe("released");
        (await registry.ScalarAsync<string>("select state from scheduled_commands")).ShouldBe("cancelled");
    }

    [Fact]
    public async Task Should_release_nothing_that_has_left_its_quarantine_meanwhile()
    {
        var thing = await QuarantineAsync();
        await registry.ExecuteAsync("update drift_quarantine set state = 'left', words = 'Why.', ended_at = now()");

        var output = await scans.Repairer.ReleaseAsync(
            await scans.BeginAsync("releaseQuarantined", new ReleaseQuarantined { QuarantineId = thing, Reason = "Somebody needs it." }), Repair, default);

        (output.Outcome, output.Words).ShouldBe(("left", "Why."));
        (await IsOnAsync()).ShouldBeFalse();
    }

    [Theory]
    // How the removal and its operation have ended, the state of the quarantine, and whether the removal is scheduled again.
    [InlineData("refused", null, "quarantined", true)]
    [InlineData("refused", null, "removing", true)]
    [InlineData("refused", null, "releasing", false)]
    [InlineData("submitted", "cancelled", "quarantined", true)]
    [InlineData("submitted", "compensated", "removing", true)]
    [InlineData("submitted", "completed", "removing", true)]
    [InlineData("submitted", "running", "removing", false)]
    [InlineData("submitted", "running", "quarantined", false)]
    [InlineData("scheduled", null, "quarantined", false)]
    [InlineData("cancelled", null, "quarantined", false)]
    [InlineData("forgotten", null, "quarantined", false)]
    [InlineData("forgotten", null, "removing", true)]
    public async Task Should_schedule_a_removal_again_that_was_refused_or_ended_without_removing(string command, string? operation, string state, bool again)
    {
        var thing = await QuarantineAsync();
        var first = await registry.ScalarAsync<Guid>("select removal from drift_quarantine");
        if (operation is not null)
        {
            var context = await scans.BeginAsync("removeQuarantined", new RemoveQuarantined { QuarantineId = thing });
            await registry.ExecuteAsync(
                "update operations set state = @operation where id = @OperationId; update scheduled_commands set operation_id = @OperationId", new { operation, context.OperationId });
        }

        await registry.ExecuteAsync("update drift_quarantine set state = @state, until = now()", new { state });
        await registry.ExecuteAsync(
            command == "forgotten" ? "delete from scheduled_commands" : "update scheduled_commands set state = @command, ended_at = case when @command <> 'scheduled' then now() end", new { command });
        await ProgramLogins.EnsureAsync(registry);
        await using var orchestrator = NpgsqlDataSource.Create(ProgramLogins.On(registry.ConnectionString, ProgramLogins.Orchestrator));
        var store = new QuarantineStore(orchestrator, new RegistryClock());

        (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.RescheduleAsync(default)))).Sum().ShouldBe(again ? 1 : 0);
        (await store.RescheduleAsync(default)).ShouldBe(0);

        (await registry.ScalarAsync<bool>("select removal <> @first from drift_quarantine", new { first })).ShouldBe(again);
        if (!again)
            return;
        (await registry.ScalarAsync<bool>(
            "select s.state = 'scheduled' and s.run_at = q.until and s.run_at between now() + interval '23 hours' and now() + interval '25 hours' from drift_quarantine q join scheduled_commands s on s.id = q.removal"))
            .ShouldBeTrue();
        (await new RemoveQuarantinedPlan(store).CheckAsync(new() { QuarantineId = thing }, default)).Errors.ShouldBeEmpty();
        (await scans.Repairer.RemoveAsync(await scans.BeginAsync("removeQuarantined", new RemoveQuarantined { QuarantineId = thing }), Repair, default)).Outcome.ShouldBe("removed");
    }

    private async Task<Guid> QuarantineAsync()
    {
        await registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        return (await scans.QuarantinedAsync()).Single();
    }

    private CacheRepair Repair => host.Get<CacheRepair>();

    private string User => $"t_{tenant.Id.Compact}";

    private Task AclAsync(params string[] words) => admin.GetDatabase().ExecuteAsync("ACL", [.. words.Cast<object>()]);

    private async Task<bool> IsOnAsync() => ((string[])(await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).ToDictionary()["flags"]!).Contains("on", StringComparer.Ordinal);

    private async Task<string[]> PasswordsAsync() => (string[])(await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).ToDictionary()["passwords"]!;
}
