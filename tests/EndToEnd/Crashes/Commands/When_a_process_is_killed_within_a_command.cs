using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a command, and a new process finishes it. The boundaries are generated from the workflow of each
/// scenario. A run covers one boundary of some of the scenarios, which <see cref="RunSeed"/> chooses; <c>SAGA_CRASH_ALL=1</c> covers every boundary of
/// all, and of those that <c>SAGA_CRASH_ONLY</c> names if it is set.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_within_a_command
{
    private const int Sampled = 2;
    private const int SampledFaults = 18;

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
        foreach (var (scenario, round) in Chosen())
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
        await using var site = await SiteAsync(scenario);
        await site.RunAsync();
        var first = await scenario.PrepareAsync(site);
        var points = Boundaries.Of(scenario.Workflow, first.Command is not null);
        if (!CrashWorlds.All)
            points = [points[round % points.Count]];
        List<PreparedCommand> prepared = [first, .. await PrepareAsync(site, scenario, points.Count - 1)];
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

    [Fact]
    public async Task Should_get_there_or_leave_nothing_whatever_each_step_does()
    {
        var possible = CrashScenarios.All.Where(s => s.TriesFaults).ToList();
        List<CrashScenario> chosen = CrashWorlds.All ? [.. Chosen().Select(c => c.Scenario).Intersect(possible)] : [possible[RunSeed.Value % possible.Count]];
        foreach (var scenario in chosen)
            await FailAsync(scenario);
    }

    // Transient: it fails twice before it acts. Late: it acts and loses its answer. Permanent: it acts and fails; the pivot does so before it acts.
    private static async Task FailAsync(CrashScenario scenario)
    {
        var clock = Stopwatch.StartNew();
        List<(StepDefinition Step, string Fault)> all = [.. scenario.Workflow.Steps.Where(s => s.Wait is null).SelectMany(s => new[] { (s, "transient"), (s, "late"), (s, "permanent") })];
        List<(StepDefinition Step, string Fault)> cases =
            CrashWorlds.All || all.Count <= SampledFaults ? all : [.. Enumerable.Range(0, SampledFaults).Select(i => all[(RunSeed.Value + (i * all.Count / SampledFaults)) % all.Count])];
        var wrong = new ConcurrentDictionary<TenantId, (StepDefinition Step, string Fault)>();
        var calls = new ConcurrentDictionary<TenantId, int>();
        await using var site = await SiteAsync(scenario);
        await site.RunAsync(new StepFaults { Before = (context, _) => Act(context, acted: false), After = (context, _) => Act(context, acted: true) });
        var prepared = await PrepareAsync(site, scenario, cases.Count);
        var operations = new List<Guid>();
        foreach (var (command, fault) in prepared.Zip(cases))
        {
            wrong[command.Tenant!.Value] = fault;
            operations.Add(await site.SubmitAsync(command.Command!, Guid.NewGuid().ToString()));
        }

        foreach (var (operation, (step, fault)) in operations.Zip(cases))
        {
            var expected = fault != "permanent" ? OperationState.Completed : step.Kind == StepKind.Retriable ? OperationState.Stalled : OperationState.Compensated;
            (await site.Site.EndAsync(operation, TimeSpan.FromSeconds(180))).ShouldBe(expected, $"{step.Name}, {fault}: {await site.Site.StoryAsync(operation)}");
        }

        // When all have ended, because some look at the whole server.
        foreach (var (command, (step, fault)) in prepared.Zip(cases))
        {
            if (fault != "permanent")
                await command.CheckAsync();
            else if (step.Kind != StepKind.Retriable)
                await command.UndoneAsync();
        }

        // An operation that stalls leaves its tenant as it is.
        if (scenario.HasUsualNames && !cases.Exists(c => c is { Step.Kind: StepKind.Retriable, Fault: "permanent" }))
            await ExternalState.CompareAsync(site.Site);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {cases.Count} faults, {clock.Elapsed.TotalSeconds:0} s"));

        void Act(StepContext context, bool acted)
        {
            if (!wrong.TryGetValue(context.TenantId, out var fault) || fault.Step.Name != context.Step)
                return;
            var call = acted ? calls[context.TenantId] : calls.AddOrUpdate(context.TenantId, 1, (_, before) => before + 1);
            switch (fault.Fault)
            {
                case "transient" when !acted && call <= 2:
                    throw StepFailureException.Transient("told-to-fail", "The test wants it so.");
                case "late" when acted && call == 1:
                    throw new TimeoutException("The answer is lost.");
                case "permanent" when acted != (fault.Step.Kind == StepKind.Pivot):
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            }
        }
    }

    private static async Task<CrashSite> SiteAsync(CrashScenario scenario)
    {
        var world = await World.SharedAsync();
        var site = new CrashSite(await world.NewSiteAsync(await scenario.ServersAsync()));
        await scenario.ConfigureAsync(site.Site);
        return site;
    }

    private static async Task<IReadOnlyList<PreparedCommand>> PrepareAsync(CrashSite site, CrashScenario scenario, int count)
    {
        if (!scenario.IsAlone)
            return await Task.WhenAll(Enumerable.Range(0, count).Select(_ => scenario.PrepareAsync(site)));
        var prepared = new List<PreparedCommand>();
        while (prepared.Count < count)
            prepared.Add(await scenario.PrepareAsync(site));
        return prepared;
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
        var operation = prepared.Command is { } again ? await site.SubmitAsync(again, key) : await LastAsync(site, scenario, before);
        await site.EndAsync(operation);
        await site.StopAsync();
        await prepared.CheckAsync();
        (await EndedAsync(site, scenario)).ShouldBe(before + 1, "it is one operation");
        (await site.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    private static Task<long> EndedAsync(CrashSite site, CrashScenario scenario) =>
        site.ScalarAsync<long>("select count(*) from operations where kind = @Kind and finished_at is not null", new { scenario.Workflow.Kind });

    private static async Task<Guid> LastAsync(CrashSite site, CrashScenario scenario, long before)
    {
        await Until.TrueAsync(
            async () => await site.ScalarAsync<long>("select count(*) from operations where kind = @Kind", new { scenario.Workflow.Kind }) > before, "the scheduled command is submitted", TimeSpan.FromSeconds(90));
        return await site.ScalarAsync<Guid>("select id from operations where kind = @Kind order by created_at desc limit 1", new { scenario.Workflow.Kind });
    }

    // Each time that it is a scenario's turn again is another round, which takes the next boundary. So all of them are covered in the end.
    private static IEnumerable<(CrashScenario Scenario, int Round)> Chosen()
    {
        var all = CrashScenarios.All;
        if (Environment.GetEnvironmentVariable("SAGA_CRASH_ONLY") is { Length: > 0 } only)
            return all.Where(s => only.Split(',').Contains(s.Name, StringComparer.Ordinal)).Select(s => (s, RunSeed.Value));
        return CrashWorlds.All
            ? all.Select(s => (s, 0))
            : Enumerable.Range(RunSeed.Value * Sampled, Sampled).Select(turn => (all[turn % all.Count], turn / all.Count));
    }
}
