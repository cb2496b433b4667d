using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Processes;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_processes_register
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_have_a_row_while_they_run()
    {
        await using var registry = await EmptyAsync();
        await using (await EngineHost.StartAsync(registry, null, [new ScriptedStep("two"), new ScriptedStep("one")]))
        {
            var row = (await new ProcessStore(registry).ListAsync(Cancellation)).ShouldHaveSingleItem();
            row.Steps.ShouldBe(["one", "two"]);
            row.EngineLevel.ShouldBe(Saga.Engine.EngineLevel.Current.Value);
            row.Orchestrates.ShouldBeTrue();
            row.ConnectionBudget.ShouldBe(new NpgsqlConnectionStringBuilder(registry.ConnectionString).MaxPoolSize);
            row.Program.ShouldNotBeEmpty();
        }

        (await registry.ScalarAsync<long>("select count(*) from processes")).ShouldBe(0, "they stopped in order");
    }

    [Fact]
    public async Task Should_come_back_after_they_were_given_up()
    {
        await using var registry = await EmptyAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);

        await registry.ExecuteAsync("delete from processes");

        await Until.TrueAsync(async () => (await new ProcessStore(registry).ListAsync(Cancellation)).Count == 1);
    }

    [Fact]
    public async Task Should_not_count_when_they_are_silent_and_go_when_they_stay_so()
    {
        await using var registry = await EmptyAsync();
        await Seed.ProcessAsync(registry, ["one"]);
        var store = new ProcessStore(registry);
        await registry.ExecuteAsync("update processes set heartbeat_at = now() - interval '61 seconds'");

        (await store.ListAsync(Cancellation)).ShouldBeEmpty();
        (await store.ListStepsAsync(Cancellation)).ShouldBeEmpty();

        await registry.ExecuteAsync("update processes set heartbeat_at = now() - interval '11 minutes'");
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("two")]);
        (await registry.ScalarAsync<string>("select string_agg(steps[1], ' ') from processes")).ShouldBe("two");
    }

    [Fact]
    public async Task Should_let_no_command_wait_for_a_step_that_nobody_hosts()
    {
        await using var registry = await EmptyAsync();
        var intake = Intakes.Provision(registry);
        var command = new ProvisionTenant { Name = "Acme", Slug = "acme", Plan = "basic", AdminEmail = "ada@acme.com", IdempotencyKey = "key" };

        var refused = (await intake.SubmitAsync(command, Caller.OfToken("ada"), Cancellation)).ShouldBeOfType<CommandRejected>().Rejection;

        refused.Code.ShouldBe(RejectionCodes.StepNotHosted);
        refused.Detail.ShouldContain("Start workers of this version");
        (await intake.PlanAsync(command, Cancellation)).Rejection!.Code.ShouldBe(RejectionCodes.StepNotHosted);
        (await registry.ScalarAsync<long>("select count(*) from tenants")).ShouldBe(0, "nothing was written");

        await Seed.ProcessAsync(registry);
        (await intake.SubmitAsync(command, Caller.OfToken("ada"), Cancellation)).ShouldBeOfType<CommandAccepted>("at once, when the workers have come");
        await registry.ExecuteAsync("delete from processes");
        (await intake.SubmitAsync(command with { Slug = "bolt", IdempotencyKey = null }, Caller.OfToken("ada"), Cancellation)).ShouldBeOfType<CommandAccepted>("they were there a moment ago: a rolling restart");
        (await Intakes.Provision(registry).SubmitAsync(command, Caller.OfToken("ada"), Cancellation)).ShouldBeOfType<CommandAccepted>("a command that was accepted stays accepted").IsReplay.ShouldBeTrue();
    }

    // Without the process that test registries contain by default.
    private static async Task<NpgsqlDataSource> EmptyAsync()
    {
        var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync("delete from processes");
        return registry;
    }
}
