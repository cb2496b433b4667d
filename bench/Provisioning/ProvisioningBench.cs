using System.Globalization;
using Saga.Bench.Figures;
using Saga.Bench.Servers;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Provision;
using Saga.Tests.Support;

namespace Saga.Bench.Provisioning;

/// <summary>Bench a: from POST to active for each tier, compared with the same steps one after the other.</summary>
internal static class ProvisioningBench
{
    private const double Bound = 0.6;
    private static readonly int[] KeycloakMilliseconds = [10, 0];
    private static int count;

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        var report = new Report("a").Line();
        foreach (var latency in KeycloakMilliseconds)
        {
            await using var systems = await ExternalSystems.StartAsync(TimeSpan.FromMilliseconds(latency));
            using var times = new StepTimes();
            await using var product = await WholeProduct.StartAsync(
                "POST to active", systems, await systems.Postgres.NewRegistryAsync(), await RabbitServer.NewVirtualHostAsync(), times, settings, time);
            await using var sequential = await OneAfterTheOther.StartAsync(systems, await systems.Postgres.NewRegistryAsync());
            if (latency == KeycloakMilliseconds[0])
            {
                report.Line($"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.").Line()
                    .Line($"{settings.Rounds} tenants of each tier by each candidate, one at a time, taking turns. Milliseconds: median (quartiles; extremes).").Line();
            }

            var results = await RoundsAsync([sequential, product], settings.Rounds, times);
            report.Line(string.Create(CultureInfo.InvariantCulture, $"Keycloak's stub answers after {latency} ms:")).Line()
                .Table(["tier", "one after the other", "POST to active", "ratio"], results.Select(r => new[]
                {
                    Name(r.Tier), r.Times[0].Text("0"), r.Times[1].Text("0"), r.Times[1].Over(r.Times[0]).Text("0.00") + " ×",
                }))
                .Line("Steps of the product, median milliseconds: " + string.Join(", ", ProvisionWorkflow.Definition.Steps.Select(s =>
                    string.Create(CultureInfo.InvariantCulture, $"{s.Name} {times.MedianMilliseconds(s.Name):0}"))) + ".").Line();
            var database = results.Single(r => r.Tier == IsolationTier.Database);
            // Without any latency there is nothing that could run at once, so the bound is for the other one.
            if (latency > 0)
                report.Line($"Database tier: {Report.Verdict(database.Times[1].Over(database.Times[0]).Median, Bound, atLeast: false)}.").Line();
        }

        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    /// <summary>Every candidate provisions a tenant of each tier, round after round.</summary>
    public static async Task<IReadOnlyList<(IsolationTier Tier, IReadOnlyList<Series> Times)>> RoundsAsync(
        IReadOnlyList<IProvisioner> candidates, int rounds, StepTimes times)
    {
        var results = Enum.GetValues<IsolationTier>().Select(t => (Tier: t, Times: (IReadOnlyList<Series>)[.. candidates.Select(c => new Series(c.Name))])).ToList();
        await WarmUp.RunAsync(() => RoundAsync(0, (_, _, _) => { }));
        times.Forget();
        for (var round = 1; round <= rounds; round++)
        {
            await RoundAsync(round, (tier, candidate, milliseconds) => results[tier].Times[candidate].Values.Add(milliseconds));
            await Console.Error.WriteLineAsync($"round {round}: " + string.Join("; ", results.Select(r => $"{Name(r.Tier)} {string.Join(" / ", r.Times.Select(t => t.Values[^1].ToString("0", CultureInfo.InvariantCulture)))}")));
        }

        return results;

        async Task RoundAsync(int round, Action<int, int, double> took)
        {
            for (var tier = 0; tier < results.Count; tier++)
            {
                for (var turn = 0; turn < candidates.Count; turn++)
                {
                    var at = (turn + round) % candidates.Count;
                    var slug = string.Create(CultureInfo.InvariantCulture, $"bench-{Name(results[tier].Tier)}-{++count}");
                    took(tier, at, await candidates[at].ProvisionAsync(slug, results[tier].Tier));
                }
            }
        }
    }

    public static string Name(IsolationTier tier) => tier.ToString().ToLowerInvariant();
}
