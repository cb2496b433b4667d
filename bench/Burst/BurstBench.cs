using System.Globalization;
using Npgsql;
using Saga.Bench.Figures;
using Saga.Bench.Servers;
using Saga.Tests.Support;

namespace Saga.Bench.Burst;

/// <summary>Many tenants posted at once to a whole installation, on a PostgreSQL with as many connections as it has by default.</summary>
internal static class BurstBench
{
    private const int WarmUp = 60;
    private const string Server = "max_connections=100";
    private static readonly TimeSpan Keycloak = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        var count = settings.Count ?? 300;
        var results = new List<BurstResult>();
        string machine;
        await using (var systems = await ExternalSystems.StartAsync(Keycloak, Server))
        {
            machine = $"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.";
            results.AddRange(await MeasureAsync(systems, settings, [], [new("room for all", count), new(Invariant($"room for {count * 9 / 10}"), count * 4 / 3, count * 9 / 10)], time));
        }

        // As many slots as there can be: everything begins at once, as it did without admission.
        await using (var systems = await ExternalSystems.StartAsync(Keycloak, Server))
            results.AddRange(await MeasureAsync(systems, settings, [new("Saga:Admission:Slots", "10000")], [new("room for all, without admission", count)], time));

        var report = new Report("burst").Line().Line(machine).Line()
            .Line(Invariant($"Two processes each of Api, Orchestrator and Workers with default settings; {Server}. {settings.WarmUp ?? WarmUp} tenants to warm up. Row, schema and database tier in turn. Seconds by the registry's clock from the first acceptance.")).Line()
            .Table(
                ["tenants", "", "all accepted", "first twentieth active", "median active", "total", "connections, at most", "ends"],
                results.Select(r => new[]
                {
                    Invariant($"{r.Run.Tenants}"), r.Run.Name, Invariant($"{r.Accepted:0.0}"), Share(r.FirstTwentieth, r), Share(r.Median, r), Invariant($"{r.Total:0.0}"),
                    Invariant($"{r.Connections} of {r.MaxConnections}"), BurstResult.Text(r.Ends),
                }))
            .Table(["tenants", "", "failures and deferrals, by the operation's end"], results.Select(r => new[] { Invariant($"{r.Run.Tenants}"), r.Run.Name, r.Codes.Count == 0 ? "none" : BurstResult.Text(r.Codes) }));
        foreach (var result in results.Where(r => !r.IsRight))
            report.Line($"**Wrong:** {result.Run.Tenants} tenants, {result.Run.Name}: somebody failed who should not have.").Line();
        var (with, without) = (results[0], results[^1]);
        report.Line(
            $"First twentieth: {Report.Verdict(with.FirstTwentieth / with.Total, 0.1, atLeast: false)} of the total. Median: {Report.Verdict(with.Median / with.Total, 0.5, atLeast: false)} of the total. " +
            $"Total against the one without admission: {Report.Verdict(with.Total / without.Total, 1, atLeast: false)}.");
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    private static async Task<IReadOnlyList<BurstResult>> MeasureAsync(
        ExternalSystems systems, Settings settings, IReadOnlyList<KeyValuePair<string, string?>> over, IReadOnlyList<BurstRun> runs, TimeProvider time)
    {
        var registry = await systems.Postgres.NewRegistryAsync();
        // The pools of what prepared the server hold connections that the programs need.
        NpgsqlConnection.ClearAllPools();
        var all = systems.Settings(registry);
        all["Saga:Bus:RabbitMq"] = await RabbitServer.NewVirtualHostAsync();
        foreach (var (key, value) in settings.Engine.Concat(over))
            all[key] = value;
        await using var watch = await ServerWatch.StartAsync(registry);
        await using var installation = await Installation.StartAsync(systems, all, time);
        var results = new List<BurstResult>();
        // A program compiles what it runs for the first time, and what it runs often.
        foreach (var run in (BurstRun[])[new("warm-up", settings.WarmUp ?? WarmUp), .. runs])
        {
            if (run.Room is { } room)
                await watch.LeaveRoomAsync(room);
            await installation.PostAsync(run);
            await watch.EndAsync(Limit);
            results.Add(await watch.ResultAsync(run, installation.TakePutOff(), installation.TakeRefused()));
            await Console.Out.WriteLineAsync(Invariant($"{run.Tenants} tenants, {run.Name}: {results[^1]}"));
        }

        if (!settings.Write)
            await File.WriteAllTextAsync(Path.Combine(Path.GetTempPath(), Invariant($"saga-burst-{over.Count}.log")), installation.Log);
        return results[1..];
    }

    private static string Share(double seconds, BurstResult of) => Invariant($"{seconds:0.0} ({seconds / of.Total:0.00} of the total)");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
