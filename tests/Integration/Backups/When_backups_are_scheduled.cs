using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Lifecycle.Intake;
using Saga.Registry;
using Saga.Registry.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Scopes;
using Saga.Registry.Schedule;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_backups_are_scheduled : IAsyncLifetime
{
    private readonly LogLines lines = new();
    private readonly BackupScheduleOptions options = new() { JitterMinutes = 0 };
    private NpgsqlDataSource registry = null!;
    private BackupRunStore runs = null!;
    private SeededTenant tenant = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        runs = new(registry, new RegistryClock());
        tenant = await ActiveAsync("acme");
        await Seed.ProcessAsync(registry);
        await registry.ExecuteAsync("update processes set engine_level = 100");
    }

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        lines.Dispose();
    }

    [Fact]
    public async Task Should_plan_the_next_run_of_an_active_tenant_and_run_nothing_before()
    {
        await Seed.TenantAsync(registry, "becoming");

        (await Scheduler().RunAsync(Cancellation)).ShouldBe(0);

        (await registry.ScalarAsync<string>("select string_agg(t.slug, ' ') from backup_runs r join tenants t on t.id = r.tenant_id")).ShouldBe("acme");
        (await registry.ScalarAsync<string>("select to_char(next_due_at at time zone 'UTC', 'HH24:MI:SS') || ' ' || (next_due_at > now()) || ' ' || (next_due_at <= now() + interval '1 day') from backup_runs")).ShouldBe("02:00:00 true true");
        (await OperationsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_post_what_is_due_as_the_system_and_make_up_once_for_what_was_missed()
    {
        await DueAsync("5 days");

        (await Scheduler().RunAsync(Cancellation)).ShouldBe(1);
        (await Scheduler().RunAsync(Cancellation)).ShouldBe(0);

        (await registry.ScalarAsync<string>("select requested_by || ' ' || priority || ' ' || state from operations where kind = 'backup'")).ShouldBe("system scheduled accepted");
        (await registry.ScalarAsync<string>("select actor from audit where action = 'tenant.backup'")).ShouldBe("system");
        (await registry.ScalarAsync<bool>("select r.next_due_at > now() and r.last_due_at < now() - interval '4 days' and r.last_operation_id = o.id from backup_runs r, operations o where o.kind = 'backup'")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_run_once_although_two_schedulers_have_the_same_run()
    {
        await DueAsync("1 minute");
        var gate = new TaskCompletionSource();
        var slow = new Pausing(Intake(), gate.Task);
        var first = Scheduler(slow).RunAsync(Cancellation);
        await slow.Reached.Task.WaitAsync(Cancellation);
        // As if the first one had died: its run may be taken again.
        await registry.ExecuteAsync("update backup_runs set try_at = now() - interval '1 second'");

        (await Scheduler().RunAsync(Cancellation)).ShouldBe(1);
        gate.SetResult();
        await first;

        (await OperationsAsync()).ShouldBe(1);
        (await registry.ScalarAsync<long>("select count(*) from audit where action in ('tenant.backup', 'command.refuse')")).ShouldBe(1);
        (await registry.ScalarAsync<bool>("select next_due_at > now() from backup_runs")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_lose_nothing_when_it_dies_between_the_acceptance_and_its_own_note()
    {
        await DueAsync("1 minute");
        await Scheduler().RunAsync(Cancellation);
        var operation = await registry.ScalarAsync<Guid>("select last_operation_id from backup_runs");
        await registry.ExecuteAsync("update backup_runs set next_due_at = last_due_at, try_at = last_due_at, last_operation_id = null");

        (await Scheduler().RunAsync(Cancellation)).ShouldBe(1);

        (await OperationsAsync()).ShouldBe(1);
        (await registry.ScalarAsync<Guid>("select last_operation_id from backup_runs")).ShouldBe(operation);
    }

    [Fact]
    public async Task Should_wait_for_a_tenant_that_is_busy_until_the_next_run()
    {
        await registry.ExecuteAsync("insert into operation_scopes (scope, operation_id) values ('tenant:' || @Value, @OperationId)", new { tenant.Id.Value, tenant.OperationId });
        await DueAsync("1 minute");

        await Scheduler().RunAsync(Cancellation);

        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'backup' and slot = 'waiting'")).ShouldBe(1);
        (await registry.ScalarAsync<bool>("select w.expires_at = r.next_due_at from operation_scope_waits w, backup_runs r")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("insert into holds (tenant_id, code, effect, actor, reason) select id, 'deletion', 'closed', 'ada', 'It ends.' from tenants")]
    [InlineData("update tenants set status = 'deprovisioned'")]
    [InlineData("update tenants set status = 'failed'")]
    public async Task Should_run_nothing_for_a_tenant_that_ends(string ended)
    {
        await DueAsync("1 minute");
        await registry.ExecuteAsync(ended);

        (await Scheduler().RunAsync(Cancellation)).ShouldBe(0);

        (await OperationsAsync()).ShouldBe(0);
        await registry.ExecuteAsync("update backup_runs set unconfirmed_since = now() - interval '2 days'");
        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(0);
    }

    [Fact]
    public async Task Should_run_for_a_suspended_tenant()
    {
        await DueAsync("1 minute");
        await registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It mines coins.' from tenants");

        await Scheduler().RunAsync(Cancellation);

        (await OperationsAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Should_follow_a_schedule_a_plan_and_a_time_zone_that_changed()
    {
        await Scheduler().RunAsync(Cancellation);
        (await TimeAsync()).ShouldBe("02:00");
        options.Plans["enterprise"] = new() { Cron = "0 5 * * *" };
        await Scheduler().RunAsync(Cancellation);
        (await TimeAsync()).ShouldBe("05:00");
        await registry.ExecuteAsync("update tenants set timezone = 'Asia/Tokyo'");
        await Scheduler().RunAsync(Cancellation);
        (await TimeAsync()).ShouldBe("20:00");
        var schedules = new BackupScheduleStore(registry, new RegistryClock());
        await schedules.PutAsync(tenant.Id, "none", KeepRule.None, "ada", null, Cancellation);
        await Scheduler().RunAsync(Cancellation);
        (await registry.ScalarAsync<bool>("select next_due_at is null and try_at is null from backup_runs")).ShouldBeTrue();
        await schedules.PutAsync(tenant.Id, null, KeepRule.None, "ada", null, Cancellation);
        await Scheduler().RunAsync(Cancellation);
        (await TimeAsync()).ShouldBe("20:00");
        (await OperationsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_run_what_was_switched_off_while_it_was_due()
    {
        await DueAsync("1 minute");
        await new BackupScheduleStore(registry, new RegistryClock()).PutAsync(tenant.Id, "none", KeepRule.None, "ada", null, Cancellation);

        await Scheduler().RunAsync(Cancellation);

        (await OperationsAsync()).ShouldBe(0);
        (await registry.ScalarAsync<bool>("select next_due_at is null and last_due_at is null and unconfirmed_since is null from backup_runs")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_wait_for_workers_that_are_about_to_start_and_then_give_up_aloud()
    {
        await registry.ExecuteAsync("delete from processes");
        await DueAsync("1 minute");

        await Scheduler().RunAsync(Cancellation);

        (await registry.ScalarAsync<bool>("select next_due_at < now() and try_at > now() from backup_runs")).ShouldBeTrue();
        lines.All.ShouldNotContain(l => l.StartsWith("2871 ", StringComparison.Ordinal));
        await DueAsync("2 days");
        await Scheduler().RunAsync(Cancellation);
        (await registry.ScalarAsync<bool>("select next_due_at > now() and last_operation_id is null and unconfirmed_since is not null from backup_runs")).ShouldBeTrue();
        lines.All.Count(l => l.StartsWith("2871 ", StringComparison.Ordinal) && l.Contains("engine-too-old", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_post_the_others_although_one_cannot_be_posted()
    {
        await ActiveAsync("bolt");
        await DueAsync("1 minute");

        await Scheduler(new Breaking(Intake(), tenant.Id)).RunAsync(Cancellation);

        (await OperationsAsync()).ShouldBe(1);
        (await registry.ScalarAsync<long>("select count(*) from backup_runs where next_due_at < now()")).ShouldBe(1);
        lines.All.ShouldContain(l => l.StartsWith("2870 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_raise_the_alert_once_for_a_backup_that_is_missing()
    {
        await DueAsync("11 hours");
        await Scheduler().RunAsync(Cancellation);
        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(0);
        await registry.ExecuteAsync("update backup_runs set unconfirmed_since = now() - interval '13 hours', last_due_at = now() - interval '13 hours'");

        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(1);
        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(1);

        lines.All.Count(l => l.StartsWith("2872 Tenant acme has no complete backup", StringComparison.Ordinal)).ShouldBe(1);
        // One that failed, or that began before the run, is none.
        await BackupAsync("failed", "1 hour");
        await BackupAsync("completed", "14 hours");
        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(1);
        await BackupAsync("completed", "12 hours");
        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(0);
        (await registry.ScalarAsync<bool>("select unconfirmed_since is null and alerted_at is null from backup_runs")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_go_on_waiting_for_a_run_that_came_after_the_last_backup()
    {
        await DueAsync("1 minute");
        await Scheduler().RunAsync(Cancellation);
        await registry.ExecuteAsync("update backup_runs set unconfirmed_since = now() - interval '3 days', last_due_at = now() - interval '13 hours'");
        await BackupAsync("completed", "2 days");

        (await Scheduler().WatchAsync(Cancellation)).ShouldBe(1);

        (await registry.ScalarAsync<bool>("select unconfirmed_since = last_due_at from backup_runs")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_not_be_missed_when_the_tenant_is_being_removed_since_the_run_was_taken()
    {
        await DueAsync("1 hour");
        var held = new Preceded(Intake(), () => registry.ExecuteAsync(
            "insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'deletion', 'closed', 'ada', 'Leaves.')", new { tenant.Id.Value }));

        (await Scheduler(held).RunAsync(Cancellation)).ShouldBe(1);

        (await OperationsAsync()).ShouldBe(0);
        lines.All.ShouldNotContain(l => l.StartsWith("2871 ", StringComparison.Ordinal));
        (await registry.ScalarAsync<bool>("select next_due_at > now() and unconfirmed_since is null from backup_runs")).ShouldBeTrue();
    }

    private BackupScheduler Scheduler(ICommandIntake<BackupTenant>? intake = null)
    {
        using var logging = LoggerFactory.Create(l => l.AddProvider(lines));
        return new(runs, intake ?? Intake(), Options.Create(options), logging.CreateLogger<BackupScheduler>());
    }

    private ICommandIntake<BackupTenant> Intake() => Intakes.Of<BackupTenant, ValidBackup, BackupPlan>(registry, new());

    private async Task<SeededTenant> ActiveAsync(string slug)
    {
        var seeded = await Seed.TenantAsync(registry, slug, status: TenantStatus.Active);
        await registry.ExecuteAsync("delete from operation_scopes; update operations set state = 'completed', finished_at = now()");
        return seeded;
    }

    // Plans the runs, and lets them have been due since a while ago.
    private async Task DueAsync(string ago)
    {
        await Scheduler().RunAsync(Cancellation);
        await registry.ExecuteAsync($"update backup_runs set next_due_at = now() - interval '{ago}', try_at = now() - interval '{ago}'");
    }

    private Task BackupAsync(string state, string ago) => registry.ExecuteAsync(
        $"""
        with o as (
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by)
            select gen_random_uuid(), 'backup', @Value, 'seed', 'completed', '{"{}"}', 'system' returning id)
        insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at, ended_at)
        select gen_random_uuid(), @Value, id, '{state}', 'system', false, 'row', now() - interval '{ago}', now() from o
        """,
        new { tenant.Id.Value });

    private Task<long> OperationsAsync() => registry.ScalarAsync<long>("select count(*) from operations where kind = 'backup'");

    private Task<string> TimeAsync() => registry.ScalarAsync<string>("select to_char(next_due_at at time zone 'UTC', 'HH24:MI') from backup_runs")!;

    // Lets the test act between the taking of a run and its posting.
    private sealed class Pausing(ICommandIntake<BackupTenant> inner, Task gate) : Forwarding(inner)
    {
        public TaskCompletionSource Reached { get; } = new();

        protected override async Task BeforeAsync(BackupTenant command)
        {
            Reached.SetResult();
            await gate;
        }
    }

    private sealed class Breaking(ICommandIntake<BackupTenant> inner, TenantId broken) : Forwarding(inner)
    {
        protected override Task BeforeAsync(BackupTenant command) =>
            command.TenantId == broken ? Task.FromException(new InvalidOperationException("The registry hiccups.")) : Task.CompletedTask;
    }

    private sealed class Preceded(ICommandIntake<BackupTenant> inner, Func<Task> before) : Forwarding(inner)
    {
        protected override Task BeforeAsync(BackupTenant command) => before();
    }

    private abstract class Forwarding(ICommandIntake<BackupTenant> inner) : ICommandIntake<BackupTenant>
    {
        public async Task<IntakeOutcome> SubmitAsync(
            BackupTenant command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null)
        {
            await BeforeAsync(command);
            return await inner.SubmitAsync(command, caller, cancellationToken, usualKey, messageId, wait, claim);
        }

        public Task<CommandRejected> RejectAsync(OperationRejected rejection, Caller caller, CancellationToken cancellationToken, Guid? messageId = null) =>
            inner.RejectAsync(rejection, caller, cancellationToken, messageId);

        public Task<CommandPreview> PlanAsync(BackupTenant command, CancellationToken cancellationToken) => inner.PlanAsync(command, cancellationToken);

        protected abstract Task BeforeAsync(BackupTenant command);
    }
}
