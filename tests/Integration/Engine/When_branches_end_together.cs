using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>Reports of one operation arrive at the same moment, in one process and in two. Each sees what the others changed.</summary>
public sealed class When_branches_end_together
{
    private static readonly (string, string) Patient = ("Saga:Workers:LeaseSeconds", "60");
    private static readonly string[] Branches = ["a", "b", "c", "d", "e", "f", "g", "h"];

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_continue_once_when_the_last_has_ended(bool two)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = two ? await RabbitServer.NewVirtualHostAsync() : null;
        await using var first = await EngineHost.StartAsync(registry, bus, Steps(), settings: Patient);
        await using var second = two ? await EngineHost.StartAsync(registry, bus, Steps(), settings: Patient) : null;
        var workflow = new WorkflowDefinition
        {
            Kind = "test",
            Version = 1,
            Steps =
            [
                .. Branches.Select(name => new StepDefinition { Name = name, Worker = EngineHost.Worker, After = [] }),
                new StepDefinition { Name = "last", Worker = EngineHost.Worker, After = Branches },
            ],
        }.Validated();

        var operations = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => first.SubmitAsync(workflow)));

        foreach (var operation in operations)
            (await first.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<long>("select count(*) from operation_history where event = 'stepSucceeded'")).ShouldBe(30 * 9);
        (await registry.ScalarAsync<long>("select count(*) from operation_history where event = 'stepDispatched' and step = 'last'")).ShouldBe(30);
    }

    private static ScriptedStep[] Steps() => [.. Branches.Append("last").Select(name => new ScriptedStep(name))];
}
