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
/// Each step of a command fails for a while, permanently, and by acting and losing its answer. What stalls is replayed, and completes. The steps are taken from the workflow of each scenario. A
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
        await RunAllAsync(site, scenario, faults, broken);
        if (scenario.HasUsualNames)
            await ExternalState.CompareAsync(site.Site);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {faults.Count} faults, {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static async Task RunAllAsync(CrashSite site, CrashScenario scenario, IReadOnlyList<StepFault> faults, List<string> broken)
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
            operations.Add(command.Command is { } submitted ? await site.SubmitAsync(submitted, Guid.NewGuid().ToString()) : await site.ScheduledAsync(scenario.Workflow.Kind, command));
        foreach (var (operation, (fault, _)) in operations.Zip(cases))
        {
            var state = await site.Site.EndAsync(operation, TimeSpan.FromSeconds(180));
            if (state != fault.Ends || !fault.HasFailed)
                broken.Add($"{scenario.Name}, {fault}: {state} instead of {fault.Ends}, {(fault.HasFailed ? "it failed" : "it never failed")}\n{await site.Site.StoryAsync(operation)}");
        }

        // What stalled goes on when its cause is gone.
        foreach (var (operation, (fault, _)) in operations.Zip(cases).Where(c => c.Second.Fault.Ends == OperationState.Stalled))
        {
            fault.Mend();
            await site.ReplayAsync(operation);
        }

        // When all have ended, because some look at the whole server.
        foreach (var (fault, command) in cases)
        {
            try
            {
                if (fault.Ends == OperationState.Compensated)
                    await command.UndoneAsync();
                else
                    await command.CheckAsync();
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
