using System.Globalization;
using Npgsql;
using Saga.Bench.Figures;
using Saga.Bench.Servers;
using Saga.Tests.Support;

namespace Saga.Bench.Throughput;

/// <summary>Bench b: sagas per second compared with MassTransit's in-memory repository, in alternating rounds on the same servers.</summary>
internal static class ThroughputBench
{
    private const int AtOnce = 64;
    private const double Bound = 0.7;

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        await using var postgres = await BenchPostgres.StartAsync();
        var registry = await postgres.NewRegistryAsync();
        await using var engine = await SagaEngine.Running.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), AtOnce, settings.Engine);
        await using var rival = await InMemoryRepository.StartAsync(await RabbitServer.NewVirtualHostAsync(), AtOnce, plain: false);
        await using var plainRival = await InMemoryRepository.StartAsync(await RabbitServer.NewVirtualHostAsync(), AtOnce, plain: true);
        await using var ours = new SagaEngine(engine, NpgsqlDataSource.Create(registry), "Saga's engine", accept: false);
        await using var whole = new SagaEngine(engine, NpgsqlDataSource.Create(registry), "Saga's engine, accepting included", accept: true);

        var machine = Machine.Describe(
            time, await postgres.VersionAsync(), await Machine.VersionAsync("RabbitMQ", "/usr/lib/rabbitmq/bin/rabbitmqctl", "version"), "quorum queues");
        var results = await Rounds.RunAsync([rival, ours, plainRival, whole], settings.Rounds, settings.Count ?? 1500, AtOnce, postgres.Folder);
        var ratio = results[1].PerSecond.Over(results[0].PerSecond);
        var report = new Report("b").Line()
            .Line($"{machine} Load average {results[0].Load.Text("0.0")}.").Line()
            .Line(string.Create(CultureInfo.InvariantCulture, $"{settings.Rounds} rounds of {settings.Count ?? 1500} sagas for each candidate, {AtOnce} at a time, the candidates taking turns. Median (quartiles; extremes) over the rounds.")).Line()
            .Table(["candidate", "sagas/s", "p50 ms", "p99 ms", "processor ms a saga: program + PostgreSQL + broker", "against in memory"], results.Select(r => new[]
            {
                r.PerSecond.Name, r.PerSecond.Text("0"), r.P50.Text("0"), r.P99.Text("0"), string.Create(CultureInfo.InvariantCulture, $"{r.Program.Median:0.0} + {r.PostgreSql.Median:0.0} + {r.Broker.Median:0.0}"), r.PerSecond.Over(results[0].PerSecond).Text("0.00") + " ×",
            }))
            .Line(string.Create(CultureInfo.InvariantCulture, $"Against the repository with plain JSON: {results[1].PerSecond.Over(results[2].PerSecond).Median:0.00} ×.")).Line()
            .Line($"Engine against in-memory repository: {Report.Verdict(ratio.Median, Bound, atLeast: true)}.");
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }
}
