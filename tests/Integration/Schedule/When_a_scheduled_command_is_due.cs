using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry;
using Saga.Registry.Schedule;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Schedule;

/// <summary>A tenant with a command for a time, and orchestrators that submit it.</summary>
public sealed class When_a_scheduled_command_is_due : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private ScheduleStore store = null!;
    private TenantId tenant;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        store = new(registry, new RegistryClock());
        tenant = (await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active)).Id;
        await Seed.ProcessAsync(registry, [RenamePlan.Step, RenamePlan.OtherStep]);
        await registry.ExecuteAsync("delete from operation_scopes; update operations set state = 'completed', finished_at = now()");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_run_once_although_several_orchestrators_look()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();

        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(2));
        (await store.FindAsync(scheduled, Cancellation))!.State.ShouldBe(ScheduledState.Scheduled);

        var ended = await EndedAsync(scheduled);
        ended.State.ShouldBe(ScheduledState.Submitted);
        (await first.EndAsync(ended.OperationId!.Value)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<string>("select requested_by || ' ' || priority from operations where kind = 'rename'")).ShouldBe($"schedule:{scheduled:d} scheduled");
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'rename'")).ShouldBe(1);
        (await registry.ScalarAsync<string>("select name from tenants")).ShouldBe("Later");
        (await registry.ScalarAsync<string>("select string_agg(actor || ' ' || action, ', ' order by id) from audit where action in ('command.schedule', 'tenant.rename')"))
            .ShouldBe($"ada command.schedule, schedule:{scheduled:d} tenant.rename");
    }

    [Fact]
    public async Task Should_wait_for_a_taken_scope_as_an_operation_until_it_expires()
    {
        await using var host = await StartAsync();
        var blocking = Guid.CreateVersion7();
        await registry.ExecuteAsync(
            """
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by) values (@blocking, 'test', @tenant, 'seed', 'stalled', '{}', 'test');
            insert into operation_scopes (scope, operation_id) values ('tenant:' || @tenant, @blocking)
            """,
            new { blocking, tenant = tenant.Value });

        var scheduled = await ScheduleAsync(TimeSpan.FromMilliseconds(500), patience: TimeSpan.FromSeconds(5));

        var ended = await EndedAsync(scheduled);
        ended.State.ShouldBe(ScheduledState.Submitted);
        (await host.EndAsync(ended.OperationId!.Value)).ShouldBe(OperationState.Cancelled);
        (await registry.ScalarAsync<string>("select cancellation->>'code' from operations where kind = 'rename'")).ShouldBe("scope-wait-expired");
    }

    [Fact]
    public async Task Should_be_refused_aloud_when_the_tenants_state_does_not_allow_it_then()
    {
        await using var host = await StartAsync();
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(1));
        await registry.ExecuteAsync("update tenants set status = 'deprovisioned'");

        var ended = await EndedAsync(scheduled);

        (ended.State, ended.Refusal!.Code, ended.OperationId).ShouldBe((ScheduledState.Refused, RejectionCodes.TenantState, null));
        (await registry.ScalarAsync<string>("select actor || ' ' || origin from audit where action = 'command.refuse'")).ShouldBe($"schedule:{scheduled:d} schedule");
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'rename'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_aloud_when_nobody_ran_until_it_expired()
    {
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(-10), patience: TimeSpan.FromSeconds(5));
        await using var host = await StartAsync();

        var ended = await EndedAsync(scheduled);

        (ended.State, ended.Refusal!.Code).ShouldBe((ScheduledState.Refused, RejectionCodes.ScheduleExpired));
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'command.refuse'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_run_after_it_was_cancelled_although_a_runner_has_it_already()
    {
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(-1));
        var taken = (await store.TakeDueAsync(10, TimeSpan.FromMinutes(1), Cancellation)).ShouldHaveSingleItem();

        (await store.OrderAsync(scheduled, ScheduleOrder.Cancel, "ada", "not any more", Cancellation)).ShouldBe(new ScheduleAnswer.Done());

        (await Should.ThrowAsync<PostgresException>(() => SubmitAsync(taken))).SqlState.ShouldBe(ScheduleStore.ClaimLost);
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'rename'")).ShouldBe(0);
        (await registry.ScalarAsync<string>("select name from tenants")).ShouldNotBe("Later");
        (await store.FindAsync(scheduled, Cancellation))!.State.ShouldBe(ScheduledState.Cancelled);
    }

    [Fact]
    public async Task Should_be_submitted_by_one_of_two_runners_when_the_first_was_slow()
    {
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(-1));
        var slow = (await store.TakeDueAsync(10, TimeSpan.Zero, Cancellation)).ShouldHaveSingleItem();
        var next = (await store.TakeDueAsync(10, TimeSpan.FromMinutes(1), Cancellation)).ShouldHaveSingleItem();

        (await Should.ThrowAsync<PostgresException>(() => SubmitAsync(slow))).SqlState.ShouldBe(ScheduleStore.ClaimLost);
        var accepted = (await SubmitAsync(next)).ShouldBeOfType<CommandAccepted>();

        var row = (await store.FindAsync(scheduled, Cancellation))!;
        (row.State, row.OperationId, row.Tries).ShouldBe((ScheduledState.Submitted, accepted.OperationId, 2));
        (await store.OrderAsync(scheduled, ScheduleOrder.Cancel, "ada", "too late", Cancellation)).ShouldBeOfType<ScheduleAnswer.Refused>().Why.ShouldContain(accepted.OperationId.ToString());
        (await store.TakeDueAsync(10, TimeSpan.Zero, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_write_neither_of_both_when_the_command_is_refused()
    {
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(-1));
        await registry.ExecuteAsync("update tenants set status = 'deprovisioned'");
        var taken = (await store.TakeDueAsync(10, TimeSpan.FromMinutes(1), Cancellation)).ShouldHaveSingleItem();

        (await SubmitAsync(taken)).ShouldBeOfType<CommandRejected>();

        (await store.FindAsync(scheduled, Cancellation))!.State.ShouldBe(ScheduledState.Scheduled, "the runner may die before it says so");
    }

    [Fact]
    public async Task Should_wait_for_its_approval()
    {
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(-1), needsApproval: true);
        (await store.TakeDueAsync(10, TimeSpan.Zero, Cancellation)).ShouldBeEmpty();

        (await store.OrderAsync(scheduled, ScheduleOrder.Approve, "grace", "fine", Cancellation)).ShouldBe(new ScheduleAnswer.Done());

        (await store.TakeDueAsync(10, TimeSpan.Zero, Cancellation)).ShouldHaveSingleItem().Command.Approval!.By.ShouldBe("grace");
    }

    [Fact]
    public async Task Should_leave_a_kind_that_it_does_not_know_to_a_newer_version()
    {
        await using var host = await StartAsync();
        var scheduled = await ScheduleAsync(TimeSpan.FromSeconds(-1), kind: "teleport");

        await Until.TrueAsync(async () => (await store.FindAsync(scheduled, Cancellation))!.Tries > 0, "a runner has looked");

        (await store.FindAsync(scheduled, Cancellation))!.State.ShouldBe(ScheduledState.Scheduled);
    }

    private async Task<EngineHost> StartAsync() => await EngineHost.StartAsync(
        registry, null, [new ScriptedStep(RenamePlan.Step), new ScriptedStep(RenamePlan.OtherStep)], s => s.AddCommand<RenameTenant, RenameTenant, RenamePlan>());

    private Task<IntakeOutcome> SubmitAsync(TakenCommand taken) =>
        new ScheduledSubmitter<RenameTenant>(Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(registry, new())).SubmitAsync(taken, Cancellation);

    private async Task<Guid> ScheduleAsync(TimeSpan runsIn, TimeSpan? patience = null, bool needsApproval = false, string kind = "rename")
    {
        var now = await store.NowAsync(Cancellation);
        var scheduled = new ScheduledCommand
        {
            Id = Guid.CreateVersion7(), Kind = kind, TenantId = tenant, NeedsApproval = needsApproval, RequestedBy = "ada", CreatedAt = now, RunAt = now + runsIn,
            ExpiresAt = now + runsIn + (patience ?? TimeSpan.FromMinutes(5)),
            Command = System.Text.Json.JsonSerializer.SerializeToElement(new RenameTenant(tenant, "Later"), Contracts.Json.Options),
        };
        await store.AddAsync(scheduled, null, Cancellation);
        return scheduled.Id;
    }

    private async Task<ScheduledCommand> EndedAsync(Guid scheduled)
    {
        ScheduledCommand? found = null;
        await Until.TrueAsync(async () => (found = await store.FindAsync(scheduled, Cancellation))!.State != ScheduledState.Scheduled, "it has ended", TimeSpan.FromMinutes(1));
        return found!;
    }
}
