using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_step_was_renamed
{
    // The order and the names of the workflow provision, version 1.
    private static readonly string[] Version1 =
        ["reserve", "identity", "database", "storage", "cache", "configuration", "migrate", "administrator", "verify", "activate", "notify"];

    [Fact]
    public async Task Should_run_operations_of_the_earlier_workflow_to_their_end()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var steps = Version1.Select(name => new ScriptedStep(StepAliases.Current(name))).ToList();
        await using var host = await EngineHost.StartAsync(registry, null, steps);

        var operation = await host.SubmitAsync(EngineHost.Chain(Version1));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        steps.ShouldAllBe(s => s.Calls.Count == 1 && !Version1.Contains(s.Name));
        (await host.HistoryAsync(operation)).ShouldContain("stepSucceeded:database", "the operation keeps its original step names");
    }

    [Fact]
    public async Task Should_undo_operations_of_the_earlier_workflow()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var reserve = new ScriptedStep(StepNames.Reserve);
        var database = new ScriptedStep(StepNames.Database) { OnExecute = (_, _) => throw Workers.Runtime.StepFailureException.Permanent("full", "Full.", "None.") };
        await using var host = await EngineHost.StartAsync(registry, null, [reserve, database]);

        var operation = await host.SubmitAsync(EngineHost.Chain("reserve", "database"));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        (await host.HistoryAsync(operation)).ShouldContain("stepCompensated:reserve");
        reserve.Calls.ShouldBe(["execute", "compensate"]);
    }
}
