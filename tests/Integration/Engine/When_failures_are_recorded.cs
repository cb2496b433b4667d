using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_failures_are_recorded
{
    [Fact]
    public async Task Should_say_which_step_failed_and_in_which_direction_also_when_its_rows_are_pruned()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(
            registry, null,
            [
                new ScriptedStep("good"), new ScriptedStep("bad") { OnExecute = (_, _) => throw StepFailureException.Permanent("bad-luck", "It did not work.") },
                new ScriptedStep("stuck") { OnCompensate = (_, _) => throw StepFailureException.Permanent("bad-luck", "It did not work.") },
            ]);

        var undone = await host.SubmitAsync(EngineHost.Chain("good", "bad"));
        var stuck = await host.SubmitAsync(EngineHost.Chain("stuck", "bad"));
        var forward = await host.SubmitAsync(EngineHost.Chain("bad").Each(s => s with { Kind = StepKind.Retriable }) with { ForwardOnly = true });
        (await host.EndAsync(undone)).ShouldBe(OperationState.Compensated);
        (await host.EndAsync(stuck)).ShouldBe(OperationState.Stalled);
        (await host.EndAsync(forward)).ShouldBe(OperationState.Stalled);
        await registry.ExecuteAsync("delete from operation_steps where operation_id = @undone", new { undone });

        var groups = (await new FailureListing(registry).ListAsync(new() { EndedSince = DateTimeOffset.UnixEpoch }, null, 10, TestContext.Current.CancellationToken)).Items;

        groups.Select(g => (g.Step, g.Direction, g.Code, g.Count, g.Stalled)).OrderBy(g => g.Step).ShouldBe(
            [("bad", Direction.Forward, "bad-luck", 2, 1), ("stuck", Direction.Back, "bad-luck", 1, 1)]);
        groups.ShouldAllBe(g => g.Failure!.Message == "It did not work.");
    }
}
