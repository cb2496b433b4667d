using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Adopt;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.Suspend;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_tenant_is_suspended : IntakeTest
{
    private static readonly Caller Ada = Caller.OfToken("ada");

    private ICommandIntake<SuspendTenant> Suspend => Intakes.Of<SuspendTenant, ValidSuspension, SuspendPlan>(Registry, new());

    [Fact]
    public async Task Should_be_closed_from_the_acceptance_on_and_run_at_once_when_nothing_else_does()
    {
        var tenant = await ActiveAsync();

        var accepted = Accepted(await Suspend.SubmitAsync(New(tenant, "abuse"), Ada, default));

        (await QueryAsync<string>("select code || ' ' || effect || ' ' || actor || ' ' || reason from holds")).ShouldBe("abuse closed ada It mines coins.");
        (await QueryAsync<string>($"select state || ' ' || slot from operations where id = '{accepted}'")).ShouldBe("accepted exempt");
        (await QueryAsync<long>($"select count(*) from outbox where body like '%{accepted}%'")).ShouldBe(1);
        (await new OperationStore(Registry).FindAsync(accepted))!.Workflow.ShouldSatisfyAllConditions(w => w.ForwardOnly.ShouldBeTrue(), w => w.Steps.Count.ShouldBe(5));
        (await QueryAsync<string>("select string_agg(action, ' ' order by action) from audit where action in ('tenant.suspend', 'hold.set')")).ShouldBe("hold.set tenant.suspend");
    }

    [Fact]
    public async Task Should_be_closed_although_a_provisioning_runs_which_goes_on()
    {
        var provisioning = await AcceptedAsync(Command("acme"));
        await ExecuteAsync($"update operations set state = 'running' where id = '{provisioning.OperationId}'");

        var accepted = Accepted(await Suspend.SubmitAsync(New(provisioning.TenantId!.Value), Ada, default));

        (await QueryAsync<string>("select effect from holds")).ShouldBe("closed");
        (await QueryAsync<string>($"select slot from operations where id = '{accepted}'")).ShouldBe("waiting");
        (await new OperationStore(Registry).FindAsync(accepted))!.Awaits!.Holder!.OperationId.ShouldBe(provisioning.OperationId);
        (await QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
    }

    public static TheoryData<string, WorkflowDefinition> Making => new()
    {
        { "adopt", AdoptWorkflow.Definition }, { "adopt", AdoptWorkflow.CopiedWithUsers }, { "restore", RestoreWorkflow.Revive }, { "provision", ProvisionWorkflow.WithReplica },
    };

    // Stored as it runs: what a version before this one accepted is spared too.
    [Theory, MemberData(nameof(Making), DisableDiscoveryEnumeration = true)]
    public async Task Should_let_everything_go_on_that_makes_the_tenant(string kind, WorkflowDefinition workflow)
    {
        var making = await RunningAsync(kind, workflow);

        var accepted = Accepted(await Suspend.SubmitAsync(New(making.TenantId!.Value), Ada, default));

        (await QueryAsync<string>("select effect from holds")).ShouldBe("closed");
        (await new OperationStore(Registry).FindAsync(accepted))!.Awaits!.Holder!.OperationId.ShouldBe(making.OperationId);
        (await QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_cancel_a_restore_that_makes_no_tenant()
    {
        var restore = await RunningAsync("restore", RestoreWorkflow.Replace);
        await ExecuteAsync("update tenants set status = 'active'");

        Accepted(await Suspend.SubmitAsync(New(restore.TenantId!.Value), Ada, default));

        (await QueryAsync<string>("select body::jsonb->>'operationId' from outbox where destination = 'saga-orders'")).ShouldBe($"{restore.OperationId}");
    }

    [Fact]
    public async Task Should_cancel_what_has_not_reached_its_pivot_in_the_same_transaction()
    {
        var tenant = await ActiveAsync();
        var rename = Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(Registry, new());
        var running = Accepted(await rename.SubmitAsync(new(tenant, "New"), Ada, default));
        var waiting = Accepted(await rename.SubmitAsync(new(tenant, "Newer"), Ada, default, wait: new()));

        var accepted = Accepted(await Suspend.SubmitAsync(New(tenant), Caller.OfToken("grace"), default));

        (await QueryAsync<string>($"select slot from operations where id = '{accepted}'")).ShouldBe("waiting");
        (await QueryAsync<long>($"select count(*) from outbox where destination = 'saga-orders' and body::jsonb->>'operationId' in ('{running}', '{waiting}') and body::jsonb->>'actor' = 'grace'")).ShouldBe(2);
        (await QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(2);
        (await QueryAsync<long>("select count(*) from audit where action = 'operation.cancel'")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_leave_alone_what_has_passed_its_pivot_and_other_tenants()
    {
        var (tenant, other) = (await ActiveAsync(), await ActiveAsync("bolt"));
        var rename = Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(Registry, new());
        var running = Accepted(await rename.SubmitAsync(new(tenant, "New"), Ada, default));
        Accepted(await rename.SubmitAsync(new(other, "New"), Ada, default));
        await ExecuteAsync(
            $$$"""
            update workflows set definition = jsonb_set(definition, '{steps,0,kind}', '"pivot"') where kind = 'rename';
            insert into operation_steps (operation_id, step, status, fence) values ('{{{running}}}', '{{{RenamePlan.Step}}}', 'running', 1);
            """);

        Accepted(await Suspend.SubmitAsync(New(tenant), Ada, default));

        (await QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_in_words_with_a_code_that_stands_and_get_a_second_hold_with_another()
    {
        var tenant = await ActiveAsync();
        Accepted(await Suspend.SubmitAsync(New(tenant, "abuse"), Ada, default));

        var again = Rejected(await Suspend.SubmitAsync(New(tenant, "abuse"), Ada, default));
        Accepted(await Suspend.SubmitAsync(New(tenant, "nonPayment"), Ada, default));

        again.Code.ShouldBe(RejectionCodes.AlreadySuspended);
        again.Detail.ShouldContain("'abuse'");
        again.Detail.ShouldContain("It mines coins.");
        (await QueryAsync<string>("select string_agg(code, ' ' order by code) from holds")).ShouldBe("abuse nonPayment");
        (await QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0, "a suspension only goes forward");
    }

    [Fact]
    public async Task Should_run_none_of_the_closing_steps_for_a_limit()
    {
        var tenant = await ActiveAsync();

        var accepted = Accepted(await Suspend.SubmitAsync(New(tenant, "limitExceeded"), Ada, default));

        (await QueryAsync<string>("select effect from holds")).ShouldBe("noGrowth");
        (await new OperationStore(Registry).FindAsync(accepted))!.Workflow.Steps.Select(s => s.Name).ShouldBe(["tenant.suspend"]);
    }

    [Fact]
    public async Task Should_be_suspended_once_by_two_at_once()
    {
        for (var round = 0; round < 5; round++)
        {
            var tenant = await ActiveAsync($"tenant-{round}");

            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Suspend.SubmitAsync(New(tenant), Ada, default)));

            outcomes.OfType<CommandAccepted>().Count().ShouldBe(1);
            outcomes.OfType<CommandRejected>().ShouldAllBe(r => r.Rejection.Code == RejectionCodes.AlreadySuspended);
        }
    }

    [Fact]
    public async Task Should_be_one_operation_for_a_key_that_comes_twice_also_at_once()
    {
        for (var round = 0; round < 5; round++)
        {
            var tenant = await ActiveAsync($"tenant-{round}");
            var command = New(tenant) with { IdempotencyKey = $"key-{round}" };

            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Suspend.SubmitAsync(command, Ada, default)));

            outcomes.Select(o => o.ShouldBeOfType<CommandAccepted>().OperationId).Distinct().Count().ShouldBe(1, $"round {round}");
        }
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("deprovisioned")]
    public async Task Should_be_refused_when_the_tenant_is_gone(string status)
    {
        var tenant = await ActiveAsync();
        await ExecuteAsync($"update tenants set status = '{status}'");

        Rejected(await Suspend.SubmitAsync(New(tenant), Ada, default)).Code.ShouldBe(RejectionCodes.TenantState);

        (await QueryAsync<long>("select count(*) from holds")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_name_every_broken_rule()
    {
        var rejection = Rejected(await Suspend.SubmitAsync(new() { TenantId = await ActiveAsync(), Reason = " ", Code = "deletion" }, Ada, default));

        rejection.Errors.Select(e => e.Pointer).ShouldBe(["/reason", "/code"]);
        rejection.Errors[1].Detail.ShouldContain("nonPayment");
    }

    [Fact]
    public async Task Should_say_in_a_dry_run_what_it_would_wait_for_and_write_nothing()
    {
        var tenant = await ActiveAsync();
        var running = Accepted(await Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(Registry, new()).SubmitAsync(new(tenant, "New"), Ada, default));

        var plan = await Suspend.PlanAsync(New(tenant), default);

        (plan.Rejection, plan.WaitsFor!.OperationId).ShouldBe((null, running));
        (await QueryAsync<long>("select count(*) from holds")).ShouldBe(0);
    }

    // An operation of the kind that holds a tenant in the making.
    private async Task<CommandAccepted> RunningAsync(string kind, WorkflowDefinition workflow)
    {
        var running = await AcceptedAsync(Command("acme"));
        var stored = StoredWorkflow.Of(workflow);
        await ExecuteAsync(
            $"""
            insert into workflows (digest, kind, version, definition) values ('{stored.Digest}', '{kind}', {workflow.Version}, '{stored.Json.Replace("'", "''", StringComparison.Ordinal)}') on conflict do nothing;
            update operations set kind = '{kind}', workflow_digest = '{stored.Digest}', state = 'running' where id = '{running.OperationId}';
            delete from outbox;
            """);
        return running;
    }

    private static SuspendTenant New(TenantId tenant, string? code = null) => new() { TenantId = tenant, Reason = "It mines coins.", Code = code };

    private static Guid Accepted(IntakeOutcome outcome) => Assert.IsType<CommandAccepted>(outcome).OperationId;

    private static OperationRejected Rejected(IntakeOutcome outcome) => Assert.IsType<CommandRejected>(outcome).Rejection;

    private async Task<TenantId> ActiveAsync(string slug = "acme")
    {
        var accepted = await AcceptedAsync(Command(slug) with { Name = slug });
        await EndAsync(accepted.OperationId, "completed", "active");
        await ExecuteAsync("delete from outbox");
        return accepted.TenantId!.Value;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
