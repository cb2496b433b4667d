using System.Text.Json;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Update;
using Saga.Registry;
using Saga.Registry.Domains;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Plans;
using Saga.Registry.Reactivations;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_tenant_is_deprovisioned : IntakeTest
{
    private static readonly Caller Ada = Caller.OfToken("ada");

    private ICommandIntake<DeprovisionTenant> Deprovision => Intakes.Of<DeprovisionTenant, ValidDeprovision, DeprovisionPlan>(
        Registry, new(new TenantStore(Registry), new PlanStore(Registry), Options.Create(new NamesOptions())));

    private ICommandIntake<CancelDeprovisioning> Cancel => Intakes.Of<CancelDeprovisioning, ValidCancelDeprovisioning, CancelDeprovisioningPlan>(Registry, new());

    private ICommandIntake<RemoveTenant> Remove => Intakes.Of<RemoveTenant, RemoveTenant, RemovePlan>(Registry, new());

    private ScheduleStore Schedule => new(Registry, new RegistryClock());

    [Fact]
    public async Task Should_be_closed_from_the_acceptance_on_and_removed_after_the_plans_grace_period()
    {
        var tenant = await ActiveAsync();

        var accepted = Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default));

        (await QueryAsync<string>("select code || ' ' || effect || ' ' || actor from holds")).ShouldBe("deletion closed ada");
        (await QueryAsync<string>($"select state || ' ' || slot from operations where id = '{accepted}'")).ShouldBe("accepted exempt");
        (await QueryAsync<string>("select kind || ' ' || state from scheduled_commands where tenant_id is not null")).ShouldBe("remove scheduled");
        (await QueryAsync<bool>("select s.run_at = d.requested_at + interval '30 days' and s.run_at = d.delete_at and not d.backup from scheduled_commands s join deprovisionings d on d.scheduled_id = s.id")).ShouldBeTrue();
        (await QueryAsync<string>("select string_agg(action, ' ' order by action) from audit where action like 'tenant.deprov%' or action in ('hold.set', 'command.schedule')"))
            .ShouldBe("command.schedule hold.set tenant.deprovision");
        var shown = (await new TenantStore(Registry).FindAsync(tenant))!;
        (shown.ShownStatus, shown.Deletion!.Pending, shown.Deletion.OperationId, shown.Deletion.RequestedBy).ShouldBe((TenantStatus.Suspended, true, accepted, "ada"));
        shown.Holds.Single().Reason.ShouldContain($"{shown.Deletion.DeleteAt.UtcDateTime:u}");
    }

    [Theory]
    [InlineData("acm", null, 30, "/confirm")]
    [InlineData(null, null, 30, "/confirm")]
    [InlineData("acme", null, 0, "/confirmNoGrace")]
    [InlineData("Acme", "acm", 0, "/confirm /confirmNoGrace")]
    [InlineData("acme", null, -1, "/graceDays")]
    [InlineData("acme", null, 366, "/graceDays")]
    public async Task Should_touch_nothing_without_the_right_confirmation(string? confirm, string? noGrace, int days, string pointers)
    {
        var tenant = await ActiveAsync();
        var rows = await RowsAsync();

        var rejection = Rejected(await Deprovision.SubmitAsync(New(tenant) with { Confirm = confirm!, GraceDays = days, ConfirmNoGrace = noGrace }, Ada, default));

        (rejection.Code, string.Join(' ', rejection.Errors.Select(e => e.Pointer))).ShouldBe((RejectionCodes.Validation, pointers));
        (await RowsAsync()).ShouldBe(rows);
        (await QueryAsync<long>("select (select count(*) from holds) + (select count(*) from deprovisionings) + (select count(*) from scheduled_commands)")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_cancel_a_provisioning_and_whatever_else_has_not_reached_its_pivot()
    {
        var provisioning = await AcceptedAsync(Command("acme"));
        await ExecuteAsync($"update operations set state = 'running' where id = '{provisioning.OperationId}'");

        var accepted = Accepted(await Deprovision.SubmitAsync(New(provisioning.TenantId!.Value), Ada, default));

        (await QueryAsync<string>($"select slot from operations where id = '{accepted}'")).ShouldBe("waiting");
        (await QueryAsync<string>("select body::jsonb->>'operationId' from outbox where destination = 'saga-orders'")).ShouldBe(provisioning.OperationId.ToString());
    }

    [Fact]
    public async Task Should_be_one_deprovisioning_that_comes_twice_also_at_once()
    {
        for (var round = 0; round < 3; round++)
        {
            var tenant = await ActiveAsync($"tenant-{round}");
            var command = New(tenant, $"tenant-{round}") with { IdempotencyKey = $"key-{round}" };

            var same = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Deprovision.SubmitAsync(command, Ada, default)));
            var other = Rejected(await Deprovision.SubmitAsync(command with { IdempotencyKey = null }, Ada, default));

            same.Select(o => o.ShouldBeOfType<CommandAccepted>().OperationId).Distinct().Count().ShouldBe(1, $"round {round}");
            other.Code.ShouldBe(RejectionCodes.AlreadyDeprovisioning);
        }

        (await QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(3);
    }

    [Fact]
    public async Task Should_be_possible_again_after_its_removal_was_cancelled_by_hand()
    {
        var tenant = await ActiveAsync();
        Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default));
        await ExecuteAsync("delete from operation_scopes; update scheduled_commands set state = 'cancelled', ended_at = now(), next_try_at = null");

        var accepted = Accepted(await Deprovision.SubmitAsync(New(tenant) with { GraceDays = 7 }, Ada, default));

        (await QueryAsync<Guid>("select operation_id from deprovisionings")).ShouldBe(accepted);
        (await QueryAsync<long>("select count(*) from holds")).ShouldBe(1);
        (await new TenantStore(Registry).FindAsync(tenant))!.Deletion!.Pending.ShouldBeTrue();
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("deprovisioned")]
    public async Task Should_be_refused_when_the_tenant_is_gone(string status)
    {
        var tenant = await ActiveAsync();
        await ExecuteAsync($"update tenants set status = '{status}'");

        Rejected(await Deprovision.SubmitAsync(New(tenant), Ada, default)).Code.ShouldBe(RejectionCodes.TenantState);
        Rejected(await Cancel.SubmitAsync(new() { TenantId = tenant }, Ada, default)).Code.ShouldBe(RejectionCodes.TenantState);

        (await QueryAsync<long>("select count(*) from holds")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_taken_back_by_an_order_that_cancels_the_removal_at_once()
    {
        var tenant = await ActiveAsync();
        await EndAsync(Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default)), "completed", "active");

        var accepted = Accepted(await Cancel.SubmitAsync(new() { TenantId = tenant, Reason = "They stay." }, Caller.OfToken("grace"), default));

        (await QueryAsync<string>("select state || ' ' || ended_by || ' ' || end_reason from scheduled_commands")).ShouldBe("cancelled grace They stay.");
        (await QueryAsync<long>("select count(*) from deprovisionings")).ShouldBe(0);
        (await QueryAsync<string[]>("select codes from reactivations")).ShouldBe(["deletion"]);
        (await QueryAsync<long>("select count(*) from holds")).ShouldBe(1, "it is lifted at the end");
        (await new OperationStore(Registry).FindAsync(accepted))!.Workflow.ShouldSatisfyAllConditions(w => w.Kind.ShouldBe("cancelDeprovision"), w => w.Steps.Count.ShouldBe(6));
        Rejected(await RemoveAsync(tenant)).Code.ShouldBe(RejectionCodes.TenantState);
    }

    [Fact]
    public async Task Should_open_nothing_when_it_is_taken_back_while_another_hold_closes_the_tenant()
    {
        var tenant = await ActiveAsync();
        await EndAsync(Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default)), "completed", "active");
        await ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'For the test.' from tenants");

        var accepted = Accepted(await Cancel.SubmitAsync(new() { TenantId = tenant }, Ada, default));

        (await new OperationStore(Registry).FindAsync(accepted))!.Workflow.Steps.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_cancel_a_removal_that_has_not_reached_its_pivot_when_it_is_taken_back()
    {
        var (tenant, removal) = await RemovingAsync();

        var accepted = Accepted(await Cancel.SubmitAsync(new() { TenantId = tenant }, Ada, default));

        (await QueryAsync<string>($"select slot from operations where id = '{accepted}'")).ShouldBe("waiting");
        (await QueryAsync<string>("select body::jsonb->>'operationId' from outbox where destination = 'saga-orders'")).ShouldBe(removal.ToString());
        (await QueryAsync<long>("select count(*) from deprovisionings")).ShouldBe(0, "a pivot that is under way finds that it may not go on");
    }

    [Fact]
    public async Task Should_not_be_taken_back_when_there_is_none_or_when_it_is_final()
    {
        var untouched = await ActiveAsync("bolt");
        var (tenant, _) = await RemovingAsync();
        await ExecuteAsync("update deprovisionings set final_at = now()");

        var none = Rejected(await Cancel.SubmitAsync(new() { TenantId = untouched }, Ada, default));
        var final = Rejected(await Cancel.SubmitAsync(new() { TenantId = tenant }, Ada, default));
        var again = Rejected(await Deprovision.SubmitAsync(New(tenant), Ada, default));

        (none.Code, final.Code, again.Code).ShouldBe((RejectionCodes.NotDeprovisioning, RejectionCodes.DeprovisioningFinal, RejectionCodes.AlreadyDeprovisioning));
        (await QueryAsync<long>("select count(*) from deprovisionings")).ShouldBe(1);
        (await QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_removed_by_its_schedule_only()
    {
        var tenant = await ActiveAsync();
        var deprovisioning = Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default));

        var rejection = Rejected(await Remove.SubmitAsync(new() { TenantId = tenant, Deprovisioning = deprovisioning, Backup = false }, Caller.Bus, default));

        rejection.Code.ShouldBe(RejectionCodes.NotSupported);
        (await QueryAsync<long>("select count(*) from operations where kind = 'remove'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_removed_by_the_schedule_after_the_closing_has_ended()
    {
        var (_, removal) = await RemovingAsync();

        (await QueryAsync<Guid>("select removal_id from deprovisionings")).ShouldBe(removal);
        (await QueryAsync<string>("select state from scheduled_commands")).ShouldBe("submitted");
        (await QueryAsync<string>($"select requested_by from operations where id = '{removal}'")).ShouldStartWith("schedule:");
    }

    [Fact]
    public async Task Should_wait_behind_a_provisioning_that_ends_and_be_taken_back_only_afterwards()
    {
        var provisioning = await AcceptedAsync(Command("acme"));
        var tenant = provisioning.TenantId!.Value;
        await ExecuteAsync($"update operations set state = 'running' where id = '{provisioning.OperationId}'");
        Accepted(await Deprovision.SubmitAsync(New(tenant) with { GraceDays = 0, ConfirmNoGrace = "acme" }, Ada, default));

        Rejected(await Cancel.SubmitAsync(new() { TenantId = tenant }, Ada, default)).Code.ShouldBe(RejectionCodes.TenantState);
        var removal = Accepted(await RemoveAsync(tenant));

        (await QueryAsync<string>($"select slot from operations where id = '{removal}'")).ShouldBe("waiting");
        (await QueryAsync<long>("select count(*) from deprovisionings")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_keep_the_hold_of_a_newer_deprovisioning_when_the_lift_of_an_older_one_comes_late()
    {
        var tenant = await ActiveAsync();
        await EndAsync(Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default)), "completed", "active");
        var taken = Accepted(await Cancel.SubmitAsync(new() { TenantId = tenant }, Ada, default));
        await ExecuteAsync($"delete from operation_scopes where operation_id = '{taken}'");
        Accepted(await Deprovision.SubmitAsync(New(tenant), Ada, default));
        var lease = new StepLease(taken, StepNames.Reactivate, 1, Guid.NewGuid());
        await ExecuteAsync($"insert into operation_steps (operation_id, step, fence, settled, holder, held_fence, expires_at, status, attempt) values ('{taken}', '{lease.Step}', 1, false, '{lease.Holder}', 1, now() + interval '1 hour', 'running', 1) on conflict (operation_id, step) do update set fence = 1, holder = excluded.holder, held_fence = 1, expires_at = excluded.expires_at, status = 'running'");

        await using (var transaction = await new LeasedTransactions(Registry, new RegistryClock()).BeginAsync(lease, default))
        {
            (await ReactivationRows.LiftAsync(transaction, tenant, taken, default)).ShouldBeNull();
            await transaction.CommitAsync(default);
        }

        (await QueryAsync<string>("select code from holds")).ShouldBe("deletion");
    }

    [Fact]
    public async Task Should_keep_the_names_for_a_while()
    {
        await ActiveAsync();
        await ExecuteAsync(
            """
            update tenants set status = 'deprovisioned';
            insert into reserved_names select 'slug', slug, id, now() + interval '90 days' from tenants;
            insert into reserved_names select 'subdomain', 'other', id, now() + interval '90 days' from tenants;
            insert into reserved_names select 'domain', 'acme.example', id, now() + interval '90 days' from tenants;
            """);

        var slug = await RejectedAsync(Command("acme") with { Name = "Acme" });
        var subdomain = await RejectedAsync(Command("bolt") with { Name = "Bolt", Subdomain = "other" });
        var domain = await RejectedAsync(Command("bolt") with { Name = "Bolt", Domain = "acme.example" });

        (slug.Code, subdomain.Code, domain.Code).ShouldBe((RejectionCodes.SlugTaken, RejectionCodes.SubdomainTaken, RejectionCodes.DomainTaken));
        slug.Detail.ShouldContain("reserved until");
        var other = await ActiveAsync("bolt");
        foreach (var (changes, code) in (IEnumerable<(string, string)>)[("""{"subdomain":"other"}""", RejectionCodes.SubdomainTaken), ("""{"domain":"acme.example"}""", RejectionCodes.DomainTaken)])
            Rejected(await Intakes.Of<UpdateTenant, ValidUpdate, UpdatePlan>(Registry, Updates.Plan(Registry)).SubmitAsync(Updates.Command((await new TenantStore(Registry).FindAsync(other))!, changes), Ada, default)).Code.ShouldBe(code);
        (await new TenantDomainStore(Registry, new RegistryClock()).ClaimAsync(other, "acme.example", "token", "ada", default)).ShouldBeNull();
        await ExecuteAsync("update reserved_names set until = now() - interval '1 second'");
        await AcceptedAsync(Command("acme") with { Name = "Acme" });
    }

    [Theory]
    [InlineData(null, 11)]
    [InlineData(true, 11)]
    [InlineData(false, 6)]
    public async Task Should_make_a_final_backup_before_the_pivot_unless_it_is_told_not_to(bool? backup, int steps)
    {
        var (_, removal) = await RemovingAsync(backup);

        var workflow = (await new OperationStore(Registry).FindAsync(removal))!.Workflow;
        (workflow.Steps.Count, workflow.Steps.Single(s => s.Kind == StepKind.Pivot).Name).ShouldBe((steps, "removal.begin"));
        workflow.Steps.Any(s => s.Name == "backup.complete").ShouldBe(backup ?? true);
    }

    private static DeprovisionTenant New(TenantId tenant, string slug = "acme") => new() { TenantId = tenant, Confirm = slug, Backup = false };

    private static Guid Accepted(IntakeOutcome outcome) => Assert.IsType<CommandAccepted>(outcome).OperationId;

    private static OperationRejected Rejected(IntakeOutcome outcome) => Assert.IsType<CommandRejected>(outcome).Rejection;

    // The scheduled removal has been submitted.
    private async Task<(TenantId Tenant, Guid Removal)> RemovingAsync(bool? backup = false)
    {
        var tenant = await ActiveAsync();
        await EndAsync(Accepted(await Deprovision.SubmitAsync(New(tenant) with { Backup = backup }, Ada, default)), "completed", "active");
        await ExecuteAsync("delete from outbox");
        return (tenant, Accepted(await RemoveAsync(tenant)));
    }

    // As the runner does when it is due.
    private async Task<IntakeOutcome> RemoveAsync(TenantId tenant)
    {
        await ExecuteAsync("update processes set engine_level = 3; update scheduled_commands set next_try_at = now()");
        var taken = await Schedule.TakeDueAsync(10, TimeSpan.FromMinutes(1), default);
        var due = taken.SingleOrDefault(t => t.Command.TenantId == tenant);
        var command = due?.Command.Command.Deserialize<RemoveTenant>(Json.Options) ?? new() { TenantId = tenant, Deprovisioning = Guid.NewGuid(), Backup = false };
        return await Remove.SubmitAsync(command, Caller.OfSchedule(due?.Command.Id ?? Guid.NewGuid()), default, wait: new ScopeWait(), claim: due?.Claim ?? new(Guid.NewGuid(), Guid.NewGuid()) { RequestedBy = "ada" });
    }

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
