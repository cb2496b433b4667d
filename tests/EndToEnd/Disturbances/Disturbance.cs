using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>Something that goes wrong for a while, and is over when its task ends.</summary>
internal sealed record Disturbance(string Name, Func<Task> RunAsync)
{
    // By how much each call takes longer.
    private static readonly TimeSpan Slowness = TimeSpan.FromSeconds(2);

    /// <summary>All of them, in turn.</summary>
    public static IReadOnlyList<Disturbance> All(Site site, Installation installation, Extent extent, Random random) =>
    [
        new("a rolling restart of all processes", installation.RestartAsync),
        new("kills of random processes", () => KillAsync(installation, extent, random)),
        new("a frozen worker and a frozen orchestrator", () => FreezeAsync(installation, extent)),
        new("a broker that is away", () => LoseBrokerAsync(site.World, extent)),
        new("a PostgreSQL that is killed, then stopped", () => RestartPostgresAsync(site.World)),
        new("a PostgreSQL that is away", () => LosePostgresAsync(site.World, extent)),
        new("a frozen Redis", () => AwayAsync(extent.Away, site.World.Redis.Freeze, site.World.Redis.Thaw)),
        new("a frozen object store", () => AwayAsync(extent.Outside, site.World.S3.Freeze, site.World.S3.Thaw)),
        new("a Keycloak that is away", () => AwayAsync(
            extent.Outside, () => site.Keycloak.Arm("*", "*", new KeycloakFault { Drop = true }, times: int.MaxValue), site.Keycloak.Disarm)),
        new("a Keycloak that is slow", () => AwayAsync(
            extent.Outside, () => site.Keycloak.Arm("*", "*", new KeycloakFault { Delay = Slowness }, times: int.MaxValue), site.Keycloak.Disarm)),
    ];

    /// <summary>The network between half of the programs and what the links lead to.</summary>
    public static Disturbance LostNetwork(IReadOnlyList<NetworkLink> links, Extent extent) => new("a network that half of the processes have lost", () => AwayAsync(
        extent.Away, () => links.ToList().ForEach(l => l.Lose()), () => links.ToList().ForEach(l => l.BringBack())));

    public static Disturbance FullDisk(SmallDisk disk, Extent extent) => new("a full disk", async () =>
    {
        disk.Fill();
        await PassAsync(extent.Away);
        await disk.EmptyAsync();
    });

    /// <summary>Kills random processes, which start again at once.</summary>
    public static async Task KillAsync(Installation installation, Extent extent, Random random)
    {
        for (var kills = 0; kills < extent.Kills; kills++)
        {
            installation.Members[random.Next(installation.Members.Count)].Crash();
            await PassAsync(extent.Between);
        }

        await installation.ReadyAsync();
    }

    private static async Task FreezeAsync(Installation installation, Extent extent)
    {
        Member[] frozen = [installation.First("Saga.Workers"), installation.First("Saga.Orchestrator")];
        foreach (var member in frozen)
            member.Freeze();
        await PassAsync(extent.Frozen);
        foreach (var member in frozen)
            member.Thaw();
    }

    private static async Task LoseBrokerAsync(World world, Extent extent)
    {
        world.Rabbit.Kill();
        await PassAsync(extent.Away);
        await world.Rabbit.UpAsync();
    }

    private static async Task RestartPostgresAsync(World world)
    {
        await world.RestartPostgresAsync();
        await world.RestartPostgresAsync(immediate: false);
    }

    private static async Task LosePostgresAsync(World world, Extent extent)
    {
        await world.StopPostgresAsync();
        await PassAsync(extent.Away);
        await world.RestartPostgresAsync();
    }

    private static async Task AwayAsync(TimeSpan length, Action lose, Action bringBack)
    {
        lose();
        await PassAsync(length);
        bringBack();
    }

    // The length of the disturbance itself. Nothing is awaited here that could be seen.
    private static Task PassAsync(TimeSpan length) => Task.Delay(length);
}
