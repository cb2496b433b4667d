using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Holds;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_command_is_about_an_existing_tenant : IntakeTest
{
    private ICommandIntake<RenameTenant> Rename => Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(Registry, new());

    [Fact]
    public async Task Should_write_its_effect_with_the_operation()
    {
        var tenant = await ActiveAsync("acme");

        var accepted = Assert.IsType<CommandAccepted>(await RenameAsync(new(tenant, "New", "k")));

        accepted.TenantId.ShouldBe(tenant);
        (await QueryAsync<string>($"select t.name || ' ' || o.kind || ' ' || (o.input->>'name') || ' ' || a.action from operations o join tenants t on t.id = o.tenant_id join audit a on a.operation_id = o.id where o.id = '{accepted.OperationId}'"))
            .ShouldBe("New rename New tenant.rename");
        (await RenameAsync(new(tenant, "New", "k"))).ShouldBeOfType<CommandAccepted>().ShouldBe(accepted with { IsReplay = true, Operation = null });
    }

    [Fact]
    public async Task Should_write_neither_when_one_fails()
    {
        var tenant = await ActiveAsync("acme");
        await using (var cut = Registry.CreateCommand("alter table audit add constraint none check (action <> 'tenant.rename')"))
            await cut.ExecuteNonQueryAsync();

        await Should.ThrowAsync<Npgsql.PostgresException>(() => RenameAsync(new(tenant, "New")));

        (await QueryAsync<string>("select name from tenants")).ShouldBe("Acme");
    }

    [Fact]
    public async Task Should_plan_by_the_tenant_as_it_is()
    {
        var far = await ActiveAsync("acme", "eu");

        (await Rename.PlanAsync(new(far, "New"), default)).Workflow!.Steps.Count.ShouldBe(2);
        Assert.IsType<CommandAccepted>(await RenameAsync(new(far, "New"))).Operation!.Steps.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_refused_by_a_status_that_does_not_allow_it()
    {
        var busy = await AcceptedAsync(Command("acme"));
        var rows = await RowsAsync();

        var rejection = Assert.IsType<CommandRejected>(await RenameAsync(new(busy.TenantId!.Value, "New"))).Rejection;

        (rejection.Code, rejection.Detail).ShouldBe((RejectionCodes.TenantState, "Tenant 'acme' is provisioning. It must be active."));
        (await Rename.PlanAsync(new(busy.TenantId!.Value, "New"), default)).Rejection!.Code.ShouldBe(RejectionCodes.TenantState);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_be_refused_by_a_hold_that_does_not_allow_it()
    {
        var tenant = await ActiveAsync("acme");
        var holds = new HoldStore(Registry);
        await holds.SetAsync(tenant, HoldCode.NonPayment, HoldEffect.NoGrowth, "rules", "An invoice is overdue.", default);
        var accepted = Assert.IsType<CommandAccepted>(await RenameAsync(new(tenant, "New")));
        await EndAsync(accepted.OperationId, "completed", "active");

        await holds.SetAsync(tenant, HoldCode.Abuse, HoldEffect.ReadOnly, "ada", "It sends spam.", default);

        Assert.IsType<CommandRejected>(await RenameAsync(new(tenant, "Newer"))).Rejection.Detail.ShouldBe("ada holds the tenant (ReadOnly): It sends spam.");
    }

    [Fact]
    public async Task Should_see_a_hold_that_was_set_while_it_waited_for_the_tenant()
    {
        var tenant = await ActiveAsync("acme");
        await using var other = await Registry.OpenConnectionAsync();
        await using var accepting = await other.BeginTransactionAsync();
        await other.ExecuteAsync("select 1 from tenants for no key update");
        var waiting = RenameAsync(new(tenant, "New"));
        await Until.TrueAsync(
            () => QueryAsync<bool>("select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"), "the command waits for the tenant");

        await other.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It sends spam.' from tenants");
        await accepting.CommitAsync();

        Assert.IsType<CommandRejected>(await waiting).Rejection.Detail.ShouldBe("ada holds the tenant (Closed): It sends spam.");
    }

    [Fact]
    public async Task Should_be_refused_when_there_is_none() =>
        Assert.IsType<CommandRejected>(await RenameAsync(new(new(Guid.CreateVersion7()), "New"))).Rejection.Code.ShouldBe(RejectionCodes.TenantNotFound);

    [Fact]
    public async Task Should_point_all_but_one_of_many_to_the_one()
    {
        var tenant = await ActiveAsync("acme");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => RenameAsync(new(tenant, $"New {i}"))));

        var winner = outcomes.OfType<CommandAccepted>().ShouldHaveSingleItem();
        outcomes.OfType<CommandRejected>().ShouldAllBe(r => r.Rejection.Code == RejectionCodes.OperationActive && r.Rejection.OperationId == winner.OperationId);
        (await Rename.PlanAsync(new(tenant, "New"), default)).Rejection!.OperationId.ShouldBe(winner.OperationId);
        (await QueryAsync<string>("select name from tenants")).ShouldBe(await QueryAsync<string>($"select input->>'name' from operations where id = '{winner.OperationId}'"));
    }

    private Task<IntakeOutcome> RenameAsync(RenameTenant command) => Rename.SubmitAsync(command, Caller.OfToken("ada"), TestContext.Current.CancellationToken);

    private async Task<TenantId> ActiveAsync(string slug, string? region = null)
    {
        var accepted = await AcceptedAsync(Command(slug) with { Region = region });
        await EndAsync(accepted.OperationId, "completed", "active");
        return accepted.TenantId!.Value;
    }
}
