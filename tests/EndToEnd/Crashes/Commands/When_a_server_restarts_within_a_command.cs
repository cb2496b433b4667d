using System.Diagnostics;
using System.Globalization;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>
/// The broker or PostgreSQL stops while a step of a command runs, and comes back. The command completes, and nothing is undone because of it. A run
/// covers one step of one command with one of the servers; see <see cref="CrashTurns"/>.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_server_restarts_within_a_command
{
    // The length of the outage itself. Nothing is awaited here that could be seen.
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(2);

    private static readonly (string Name, Func<World, Task> Stop, Func<World, Task> Start)[] Servers =
    [
        ("RabbitMQ", StopBroker, world => world.Rabbit.UpAsync()),
        ("PostgreSQL", world => world.StopPostgresAsync(), world => world.RestartPostgresAsync()),
    ];

    [Fact]
    public async Task Should_end_as_if_nothing_had_happened()
    {
        var broken = new List<string>();
        foreach (var (scenario, round) in CrashTurns.Next(part: 2))
        {
            var steps = scenario.Workflow.Steps.Where(s => s.Wait is null).ToList();
            // The rounds of one server come to every step, also where their numbers have a common divisor.
            var cases = Servers.Round(round, 1).SelectMany(server => (RunSeed.All ? steps : [steps[round / Servers.Length % steps.Count]]).Select(step => (server, step)));
            foreach (var ((server, stop, start), step) in cases)
            {
                try
                {
                    await RunAsync(scenario, step, server, stop, start);
                }
                catch (Exception error)
                {
                    broken.Add($"{scenario.Name}, {server} restarts during {step.Name}: {error}");
                }
            }
        }

        broken.ShouldBeEmpty();
    }

    private static async Task RunAsync(CrashScenario scenario, StepDefinition step, string server, Func<World, Task> stop, Func<World, Task> start)
    {
        var clock = Stopwatch.StartNew();
        await using var site = await scenario.NewSiteAsync();
        await site.RunAsync();
        var prepared = await scenario.PrepareAsync(site);
        await site.StopAsync();
        await prepared.BeforeAsync();
        var (reached, goes) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        await site.RunAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step != step.Name)
                    return;
                reached.TrySetResult();
                goes.Task.Wait();
            },
        });
        var operation = prepared.Command is { } command ? await site.SubmitAsync(command, Guid.NewGuid().ToString()) : await site.ScheduledAsync(scenario.Workflow.Kind, prepared);
        await reached.Task.WaitAsync(WaitLimit.Seconds(120));

        await stop(site.Site.World);
        goes.SetResult();
        await Task.Delay(Away);
        await start(site.Site.World);

        await site.EndAsync(operation);
        await site.StopAsync();
        await prepared.CheckAsync();
        if (scenario.HasUsualNames)
            await ExternalState.CompareAsync(site.Site);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {server} restarted during {step.Name}, {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static Task StopBroker(World world)
    {
        world.Rabbit.Kill();
        return Task.CompletedTask;
    }
}
