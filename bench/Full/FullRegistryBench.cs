using System.Globalization;
using Npgsql;
using Saga.Bench.Figures;
using Saga.Bench.Provisioning;
using Saga.Bench.Servers;
using Saga.Bench.Throughput;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;

namespace Saga.Bench.Full;

/// <summary>Bench c: benches a and b with a registry that contains existing data, compared with an empty one.</summary>
internal static class FullRegistryBench
{
    private const double Bound = 1.1;
    private const int AtOnce = 64;

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        await using var systems = await ExternalSystems.StartAsync(TimeSpan.FromMilliseconds(10));
        var machine = $"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.";
        var provisioning = await ProvisioningAsync(systems, settings, time);
        var throughput = await ThroughputAsync(systems.Postgres, settings);

        var sagas = throughput[0].PerSecond.Over(throughput[1].PerSecond);
        var database = provisioning.Single(r => r.Tier == IsolationTier.Database).Times;
        var report = new Report("c").Line()
            .Line(machine).Line()
            .Line(string.Create(CultureInfo.InvariantCulture, $"Empty: a new registry. Full: {FullRegistry.Tenants} tenants with finished operations and history. {settings.Rounds} rounds, taking turns. Median (quartiles; extremes).")).Line()
            .Table(["", "empty", "full", "full is slower by"], [
                .. provisioning.Select(r => new[]
                {
                    $"POST to active, {ProvisioningBench.Name(r.Tier)}, ms", r.Times[0].Text("0"), r.Times[1].Text("0"), r.Times[1].Over(r.Times[0]).Text("0.00") + " ×",
                }),
                ["sagas/s", throughput[0].PerSecond.Text("0"), throughput[1].PerSecond.Text("0"), sagas.Text("0.00") + " ×"],
            ])
            .Line($"Database tier: {Report.Verdict(database[1].Over(database[0]).Median, Bound, atLeast: false)}. Sagas: {Report.Verdict(sagas.Median, Bound, atLeast: false)}.");
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    private static async Task<IReadOnlyList<(IsolationTier Tier, IReadOnlyList<Series> Times)>> ProvisioningAsync(ExternalSystems systems, Settings settings, TimeProvider time)
    {
        using var times = new StepTimes();
        var full = await systems.Postgres.NewRegistryAsync();
        await FullRegistry.FillAsync(full);
        await using var onEmpty = await WholeProduct.StartAsync(
            "empty", systems, await systems.Postgres.NewRegistryAsync(), await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        await using var onFull = await WholeProduct.StartAsync("full", systems, full, await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        return await ProvisioningBench.RoundsAsync([onEmpty, onFull], settings.Rounds, times);
    }

    private static async Task<IReadOnlyList<CandidateResult>> ThroughputAsync(BenchPostgres postgres, Settings settings)
    {
        var (empty, full) = (await postgres.NewRegistryAsync(), await postgres.NewRegistryAsync());
        await FullRegistry.FillAsync(full);
        await using var hostOnEmpty = await SagaEngine.Running.StartAsync(empty, await RabbitServer.NewVirtualHostAsync(), AtOnce, settings.Engine);
        await using var hostOnFull = await SagaEngine.Running.StartAsync(full, await RabbitServer.NewVirtualHostAsync(), AtOnce, settings.Engine);
        await using var onEmpty = new SagaEngine(hostOnEmpty, NpgsqlDataSource.Create(empty), "empty", accept: false);
        await using var onFull = new SagaEngine(hostOnFull, NpgsqlDataSource.Create(full), "full", accept: false);
        return await Rounds.RunAsync([onEmpty, onFull], settings.Rounds, settings.Count ?? 1500, AtOnce, postgres.Folder);
    }
}
