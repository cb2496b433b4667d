using System.Globalization;
using Saga.Bench.Figures;
using Saga.Bench.Provisioning;
using Saga.Bench.Servers;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;

namespace Saga.Bench.Suspension;

/// <summary>Bench suspend: the time from the acceptance of a suspension and of a reactivation to the end of the operation.</summary>
internal static class SuspensionBench
{
    private static readonly TimeSpan Keycloak = TimeSpan.FromMilliseconds(10);
    private static readonly IsolationTier[] Tiers = [IsolationTier.Row, IsolationTier.Schema, IsolationTier.Database];

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        await using var systems = await ExternalSystems.StartAsync(Keycloak);
        using var times = new StepTimes();
        var registry = await systems.Postgres.NewRegistryAsync();
        await using var product = await WholeProduct.StartAsync("suspend", systems, registry, await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        var series = Tiers.ToDictionary(t => t, t => (Suspend: new Series("suspend"), Reactivate: new Series("reactivate")));
        foreach (var tier in Tiers)
            await product.ProvisionAsync(Slug(tier), tier);
        await WarmUp.RunAsync(() => RoundAsync(product, (_, _, _) => { }));
        for (var round = 0; round < settings.Rounds; round++)
        {
            await RoundAsync(product, (tier, suspend, reactivate) =>
            {
                series[tier].Suspend.Values.Add(suspend * 1000);
                series[tier].Reactivate.Values.Add(reactivate * 1000);
            });
        }

        var report = new Report("suspend").Line()
            .Line($"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.").Line()
            .Line(string.Create(CultureInfo.InvariantCulture, $"{settings.Rounds} rounds, one operation at a time. Milliseconds: median (quartiles; extremes)."))
            .Line()
            .Table(["tier", "suspend", "reactivate"], Tiers.Select(t => new[] { ProvisioningBench.Name(t), series[t].Suspend.Text("0"), series[t].Reactivate.Text("0") }));
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    private static async Task RoundAsync(WholeProduct product, Action<IsolationTier, double, double> measured)
    {
        foreach (var tier in Tiers)
        {
            var (_, suspend) = await product.RunAsync(Slug(tier), "suspend", new { reason = "bench", code = "request" });
            var (_, reactivate) = await product.RunAsync(Slug(tier), "reactivate", new { reason = "bench" });
            measured(tier, suspend, reactivate);
        }
    }

    private static string Slug(IsolationTier tier) => $"bench-{tier}".ToLowerInvariant();
}
