using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Scopes;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_operation_waits_for_its_tenant
{
    private static readonly Caller Ada = Caller.OfToken("ada");

    [Fact]
    public async Task Should_say_what_it_waits_for_and_run_when_that_has_ended()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var (began, goes) = (new TaskCompletionSource(), new TaskCompletionSource());
        var step = new ScriptedStep(RenamePlan.Step)
        {
            OnExecute = (_, cancellationToken) =>
            {
                began.TrySetResult();
                return goes.Task.WaitAsync(cancellationToken);
            },
        };
        await using var host = await StartAsync(registry, step);
        var intake = host.Services.GetRequiredService<ICommandIntake<RenameTenant>>();
        var first = Accepted(await intake.SubmitAsync(new(tenant, "First"), Ada, default));
        await began.Task.WaitAsync(WaitLimit.Seconds(30));

        var second = Accepted(await intake.SubmitAsync(new(tenant, "Second"), Ada, default, wait: new()));
        var third = Accepted(await intake.SubmitAsync(new(tenant, "Third"), Ada, default, wait: new()));
        var refused = await intake.SubmitAsync(new(tenant, "Fourth"), Ada, default);

        refused.ShouldBeOfType<CommandRejected>().Rejection.ShouldSatisfyAllConditions(r => r.Code.ShouldBe(RejectionCodes.OperationActive), r => r.OperationId.ShouldBe(first));
        var store = new OperationStore(registry);
        var waits = (await store.FindAsync(second))!.Awaits.ShouldNotBeNull();
        waits.Holder.ShouldBe(new ScopeHolder(OperationScopes.Tenant(tenant), first, RenamePlan.Kind));
        (await store.FindAsync(first))!.Awaits.ShouldBeNull();
        (await registry.ScalarAsync<long>("select count(*) from operations where slot = 'waiting' and state = 'accepted'")).ShouldBe(2);
        goes.SetResult();
        foreach (var operation in (Guid[])[first, second, third])
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await host.HistoryAsync(second)).Take(4).ShouldBe(["accepted", "scopeAwaited", "scopeGranted", "started"]);
        (await registry.ScalarAsync<bool>(
            "select (select id from operation_history where operation_id = @second and event = 'completed') < (select id from operation_history where operation_id = @third and event = 'scopeGranted')",
            new { second, third })).ShouldBeTrue("in the order of their arrival");
        (await registry.ScalarAsync<long>("select count(*) from operation_scope_waits")).ShouldBe(0);
        (await registry.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_found_by_another_process_when_the_one_that_ended_the_holder_died()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        await Seed.ProcessAsync(registry, [RenamePlan.Step, RenamePlan.OtherStep]);
        var intake = Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(registry, new());
        var first = Accepted(await intake.SubmitAsync(new(tenant, "First"), Ada, default));
        var second = Accepted(await intake.SubmitAsync(new(tenant, "Second"), Ada, default, wait: new()));

        // Ended by a process that told nobody, because it died right after its commit.
        await registry.ExecuteAsync(
            "update operations set state = 'completed', finished_at = now(), slot = 'released' where id = @first; delete from operation_scopes where operation_id = @first", new { first });
        await using var host = await StartAsync(registry, new ScriptedStep(RenamePlan.Step));

        (await host.EndAsync(second)).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_end_unrun_and_be_refused_aloud_when_its_time_is_over()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var step = ScriptedStep.Hanging(RenamePlan.Step, out var began);
        await using var host = await StartAsync(registry, step);
        var intake = host.Services.GetRequiredService<ICommandIntake<RenameTenant>>();
        var first = Accepted(await intake.SubmitAsync(new(tenant, "First"), Ada, default));
        await began.WaitAsync(WaitLimit.Seconds(30));
        var second = Accepted(await intake.SubmitAsync(new(tenant, "Second"), Ada, default, wait: new ScopeWait(TimeProvider.System.GetUtcNow())));

        // What its acceptance wrote is undone, as the first step does.
        (await host.EndAsync(second)).ShouldBe(OperationState.Cancelled);

        var shown = (await new OperationStore(registry).FindAsync(second))!;
        (shown.Failure!.Code, shown.Cancellation!.Actor, shown.Awaits).ShouldBe((ExpiredWaits.Code, ExpiredWaits.Actor, null));
        (await registry.ScalarAsync<string>("select actor || ' ' || (detail->>'code') || ' ' || (detail->>'caller') from audit where action = 'command.refuse'")).ShouldBe($"system {ExpiredWaits.Code} ada");
        step.Calls.ShouldBe(["execute", "compensate"]);
        (await registry.ScalarAsync<string>("select state from operations where id = @first", new { first })).ShouldBe("running");
    }

    [Fact]
    public async Task Should_be_cancelled_while_it_waits()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var step = ScriptedStep.Hanging(RenamePlan.Step, out var began);
        await using var host = await StartAsync(registry, step);
        var intake = host.Services.GetRequiredService<ICommandIntake<RenameTenant>>();
        await intake.SubmitAsync(new(tenant, "First"), Ada, default);
        await began.WaitAsync(WaitLimit.Seconds(30));
        var second = Accepted(await intake.SubmitAsync(new(tenant, "Second"), Ada, default, wait: new()));

        Accepted(await host.Services.GetRequiredService<ICommandIntake<Contracts.Commands.CancelOperation>>()
            .SubmitAsync(new() { OperationId = second, Reason = "No longer wanted." }, Caller.OfToken("grace"), default));

        (await host.EndAsync(second)).ShouldBe(OperationState.Cancelled);
        (await registry.ScalarAsync<long>("select count(*) from operation_scope_waits")).ShouldBe(0);
    }

    private static Task<EngineHost> StartAsync(NpgsqlDataSource registry, ScriptedStep step) => EngineHost.StartAsync(
        registry, null, [step, new ScriptedStep(RenamePlan.OtherStep)], services => services.AddCommand<RenameTenant, RenameTenant, RenamePlan>());

    private static Guid Accepted(IntakeOutcome outcome) => Assert.IsType<CommandAccepted>(outcome).OperationId;

    private static async Task<TenantId> TenantAsync(NpgsqlDataSource registry)
    {
        var tenant = new TenantId(Guid.CreateVersion7());
        await registry.ExecuteAsync(
            "insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email) values (@Value, 'acme', 'Acme', 'basic', 'row', 'active', 'acme', 'UTC', 'admin@acme.example')",
            new { tenant.Value });
        return tenant;
    }
}
