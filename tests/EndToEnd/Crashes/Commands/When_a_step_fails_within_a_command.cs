using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>
/// Each step of a command fails for a while, for good, and by acting and losing its answer. The steps are taken from the workflow of each scenario. A
/// run covers some of these faults in one scenario; see <see cref="CrashTurns"/>.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_step_fails_within_a_command
{
    // So many operations at once that none of them waits too long for the others. A run has as many.
    private const int AtOnce = 12;

    [Fact]
    public async Task Should_get_there_or_leave_nothing()
    {
        var broken = new List<string>();
        foreach (var (scenario, round) in CrashTurns.Next(part: 1))
        {
            try
            {
                await RunAsync(scenario, StepFault.Of(scenario.Workflow).Round(round, AtOnce), broken);
            }
            catch (Exception error)
            {
                broken.Add($"{scenario.Name}: {error}");
            }
        }

        broken.ShouldBeEmpty();
    }

    private static async Task RunAsync(CrashScenario scenario, IReadOnlyList<StepFault> faults, List<string> broken)
    {
        var clock = Stopwatch.StartNew();
        await using var site = await scenario.NewSiteAsync();
        // An operation that stalls leaves its tenant as it is, so these come when the outside has been compared.
        var ending = faults.Where(f => f.Ends != OperationState.Stalled).ToList();
        await RunAllAsync(site, scenario, ending, broken);
        if (scenario.HasUsualNames && ending.Count > 0)
            await ExternalState.CompareAsync(site.Site);
        await RunAllAsync(site, scenario, [.. faults.Except(ending)], broken);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {faults.Count} faults, {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static async Task RunAllAsync(CrashSite site, CrashScenario scenario, List<StepFault> faults, List<string> broken)
    {
        foreach (var some in faults.Chunk(AtOnce))
        {
            await site.RunAsync();
            var cases = some.Zip(await scenario.PrepareAllAsync(site, some.Length)).ToList();
            await site.StopAsync();
            // What belongs to no tenant can only be told by being alone.
            foreach (var together in cases[0].Second.Tenant is null ? cases.Chunk(1) : [[.. cases]])
                await FailAsync(site, scenario, together, broken);
        }
    }

    private static async Task FailAsync(CrashSite site, CrashScenario scenario, (StepFault Fault, PreparedCommand Command)[] cases, List<string> broken)
    {
        var wrong = new ConcurrentDictionary<TenantId, StepFault>();
        foreach (var (fault, command) in cases)
        {
            await command.BeforeAsync();
            wrong[command.Tenant ?? default] = fault;
        }

        await site.RunAsync(new StepFaults { Before = (context, call) => Act(context, call, acted: false), After = (context, call) => Act(context, call, acted: true) });
        var operations = new List<Guid>();
        foreach (var (_, command) in cases)
            operations.Add(command.Command is { } submitted ? await site.SubmitAsync(submitted, Guid.NewGuid().ToString()) : await site.ScheduledAsync(scenario.Workflow.Kind, command.Tenant!.Value));
        foreach (var (operation, (fault, _)) in operations.Zip(cases))
        {
            var state = await site.Site.EndAsync(operation, TimeSpan.FromSeconds(180));
            if (state != fault.Ends || !fault.HasFailed)
                broken.Add($"{scenario.Name}, {fault}: {state} instead of {fault.Ends}, {(fault.HasFailed ? "it failed" : "it never failed")}\n{await site.Site.StoryAsync(operation)}");
        }

        // When all have ended, because some look at the whole server.
        foreach (var (fault, command) in cases)
        {
            try
            {
                if (fault.Ends == OperationState.Completed)
                    await command.CheckAsync();
                else if (fault.Ends == OperationState.Compensated)
                    await command.UndoneAsync();
            }
            catch (Exception error)
            {
                broken.Add($"{scenario.Name}, {fault}: {error}");
            }
        }

        await site.StopAsync();

        void Act(StepContext context, int call, bool acted)
        {
            if (wrong.TryGetValue(context.HasTenant ? context.TenantId : default, out var fault))
                fault.Act(context.Step, call, acted);
        }
    }
}
