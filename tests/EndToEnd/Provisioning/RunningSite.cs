using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Provisioning;

/// <summary>A site with one process that provisions.</summary>
internal sealed class RunningSite(Site site, IHost host) : IAsyncDisposable
{
    private static readonly string[] Plans = ["basic", "premium", "enterprise"];

    public Site Site { get; } = site;

    public static async Task<RunningSite> StartAsync(StepFaults? faults = null, Action<Site>? configure = null, params SiteServer[] servers)
    {
        var site = await (await World.SharedAsync()).NewSiteAsync(servers);
        configure?.Invoke(site);
        return new RunningSite(site, await ProvisioningHost.StartAsync(site.Configuration(), faults));
    }

    /// <summary>Submits commands of all tiers in turn.</summary>
    /// <param name="count">How many commands.</param>
    /// <param name="first">The number of the first one, which decides its tier.</param>
    public async Task<IReadOnlyList<CommandAccepted>> SubmitAsync(int count, int first = 0)
    {
        var commands = Enumerable.Range(first, count).Select(i => Site.NewCommand(Plans[i % Plans.Length])).ToList();
        return await Task.WhenAll(commands.Select(Site.SubmitAsync));
    }

    public async Task<CommandAccepted> SubmitAsync(ProvisionTenant command) => await Site.SubmitAsync(command);

    /// <summary>Submits a command as the bus does.</summary>
    public Task<IntakeOutcome> SubmitAsync<TCommand>(TCommand command)
        where TCommand : class => host.Services.GetRequiredService<ICommandIntake<TCommand>>().SubmitAsync(command, Caller.Bus, CancellationToken.None);

    /// <summary>Waits until the histories of all operations contain this many events of the kind. One line may count for several.</summary>
    public async Task SeeAsync(string line, int times) => await Until.TrueAsync(
        async () =>
        {
            await using var count = Site.Registry.CreateCommand("select coalesce(sum(coalesce((data ->> 'times')::bigint, 1)), 0)::bigint from operation_history where event = $1");
            count.Parameters.AddWithValue(line);
            return (long)(await count.ExecuteScalarAsync())! >= times;
        }, $"{times} times {line}", TimeSpan.FromSeconds(60));

    /// <summary>Checks that every operation ends in the state, and that the external systems match the registry.</summary>
    public async Task EndAsync(IEnumerable<CommandAccepted> accepted, OperationState expected, TimeSpan? limit = null)
    {
        foreach (var one in accepted)
        {
            var state = await Site.EndAsync(one.OperationId, limit ?? TimeSpan.FromSeconds(120));
            state.ShouldBe(expected, await Site.StoryAsync(one.OperationId));
        }

        await ExternalState.CompareAsync(Site);
    }

    public async ValueTask DisposeAsync() => await ProvisioningHost.EndAsync(host);
}
