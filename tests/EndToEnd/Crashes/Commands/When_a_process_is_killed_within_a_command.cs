using System.Diagnostics;
using System.Globalization;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a command, and a new process finishes it. The boundaries are generated from the workflow of each
/// scenario. A run covers some boundaries of one scenario; see <see cref="CrashTurns"/>.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_within_a_command
{
    private const int Sampled = 2;

    [Fact]
    public void Should_have_a_scenario_for_every_workflow_without_a_class_of_its_own()
    {
        // Custom steps make a workflow that is not in the catalogue.
        var scenarios = CrashScenarios.All.Select(s => s.Workflow).Where(w => w.CustomStepsVersion is null).ToList();
        var expected = CrashCoverage.All.Where(c => c.Class == CrashCoverage.Generated).Select(c => c.Workflow).ToList();

        expected.Where(e => !scenarios.Exists(s => ReferenceEquals(s, e))).Select(CrashCoverage.Describe).ShouldBeEmpty();
        scenarios.Where(s => !expected.Exists(e => ReferenceEquals(s, e))).Select(CrashCoverage.Describe).ShouldBeEmpty();
        CrashScenarios.All.Select(s => s.Name).ShouldBeUnique();
    }

    [Fact]
    public async Task Should_end_as_if_nothing_had_happened()
    {
        var broken = new List<string>();
        foreach (var (scenario, round) in CrashTurns.Next(part: 0))
        {
            try
            {
                await RunAsync(scenario, round, broken);
            }
            catch (Exception error)
            {
                broken.Add($"{scenario.Name}: {error}");
            }
        }

        broken.ShouldBeEmpty();
    }

    private static async Task RunAsync(CrashScenario scenario, int round, List<string> broken)
    {
        var clock = Stopwatch.StartNew();
        await using var site = await scenario.NewSiteAsync();
        await site.RunAsync();
        var first = await scenario.PrepareAsync(site);
        var points = Boundaries.Of(scenario.Workflow, first.Command is not null, scenario.Commits).Round(round, Sampled);
        List<PreparedCommand> prepared = [first, .. await scenario.PrepareAllAsync(site, points.Count - 1)];
        await site.StopAsync();
        foreach (var (point, command) in points.Zip(prepared))
        {
            try
            {
                await CrashAsync(site, scenario, point, command);
            }
            catch (Exception error)
            {
                broken.Add($"{scenario.Name}, {point}: {error}");
            }

            await site.DisposeAsync();
        }

        if (scenario.HasUsualNames)
            await ExternalState.CompareAsync(site.Site);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {points.Count} boundaries, {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static async Task CrashAsync(CrashSite site, CrashScenario scenario, CrashPoint point, PreparedCommand prepared)
    {
        var key = Guid.NewGuid().ToString();
        await prepared.BeforeAsync();
        var before = await EndedAsync(site, scenario);
        using (var process = new CrashingProcess(new CrashOrders
        {
            Settings = site.Site.Settings,
            At = point,
            Any = prepared.Command is { } command ? AnyCommand.Of(command, key) : null,
            Waits = prepared.Command is null,
        }))
        {
            (await process.DiedAsync(async () => await EndedAsync(site, scenario) > before && await site.ScalarAsync<bool>("select not exists (select from outbox)"))).ShouldBeTrue("it was never reached");
        }

        await site.RunAsync();
        // The sender does not know the outcome, so it sends the command again. What is scheduled runs by itself.
        var operation = prepared.Command is { } again ? await site.SubmitAsync(again, key) : await site.ScheduledAsync(scenario.Workflow.Kind, prepared);
        await site.EndAsync(operation);
        await site.StopAsync();
        await prepared.CheckAsync();
        (await EndedAsync(site, scenario)).ShouldBe(before + 1, "it is one operation");
        (await site.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    private static Task<long> EndedAsync(CrashSite site, CrashScenario scenario) =>
        site.ScalarAsync<long>("select count(*) from operations where kind = @Kind and finished_at is not null", new { scenario.Workflow.Kind });
}
