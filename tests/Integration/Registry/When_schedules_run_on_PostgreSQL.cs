using Saga.Tests.Simulation;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>The simulation's schedules, which run by the million in memory, on the product's own stores.</summary>
public sealed class When_schedules_run_on_PostgreSQL
{
    // More are run by the program.
    private const int Schedules = 30;

    [Fact]
    public async Task Should_go_as_in_memory()
    {
        var compared = await Comparison.RunAsync(await PostgresServer.AdminConnectionStringAsync(), first: RunSeed.Value * Schedules, Schedules);

        string.Join('\n', compared.Different.Select(d => $"Seed {d.Seed} goes differently. Find out which of the two is right, mend the other one, and add a case to EnginePortContract.\n{string.Join('\n', d.Lines)}")).ShouldBeEmpty();
        compared.Schedules.ShouldBe(Schedules);
        compared.Steps.ShouldBeGreaterThan(Schedules * 50, "they do something");
    }
}
