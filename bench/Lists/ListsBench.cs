using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Bench.Figures;
using Saga.Bench.Provisioning;
using Saga.Bench.Servers;
using Saga.Lifecycle.Verify;
using Saga.Registry.Operations;
using Saga.Registry.Paging;
using Saga.Tests.Support;

namespace Saga.Bench.Lists;

/// <summary>Bench lists: what operators ask of a registry with a million operations, compared with one that has ten thousand.</summary>
internal static class ListsBench
{
    private const double Bound = 1.5;
    private const int Few = 10_000;

    // {id} is the operation in the middle, and {cursor} the page that begins after it.
    private static readonly (string What, string Path)[] Questions =
    [
        ("the newest operations", "/api/v1/operations?limit=50"),
        ("those of a tenant", "/api/v1/operations?tenant=past-2500&limit=50"),
        ("those of a kind that were undone", "/api/v1/operations?kind=verify&state=compensated&limit=50"),
        ("those that are stalled, of which there are none", "/api/v1/operations?state=stalled"),
        ("a page from the middle", "/api/v1/operations?limit=50&cursor={cursor}"),
        ("the failures of the last day, in groups", "/api/v1/operations/failures?since={day}"),
        ("an operation", "/api/v1/operations/{id}"),
        ("its stream of events, to the end", "/api/v1/operations/{id}/events"),
        ("tenants", "/api/v1/tenants?limit=50"),
    ];

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        var many = settings.Count ?? 1_000_000;
        await using var systems = await ExternalSystems.StartAsync(TimeSpan.Zero);
        using var times = new StepTimes();
        var registries = new List<string>();
        foreach (var count in (int[])[Few, many])
        {
            registries.Add(await systems.Postgres.NewRegistryAsync());
            await ManyOperations.FillAsync(registries[^1], count);
        }

        await using var onFew = await WholeProduct.StartAsync("few", systems, registries[0], await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        await using var onMany = await WholeProduct.StartAsync("many", systems, registries[1], await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        (WholeProduct Product, (string What, string Path)[] Questions)[] candidates = [(onFew, await AskAsync(registries[0], time)), (onMany, await AskAsync(registries[1], time))];
        var results = Questions.ToDictionary(q => q.What, _ => candidates.Select(c => new Series(c.Product.Name)).ToArray(), StringComparer.Ordinal);
        await WarmUp.RunAsync(() => RoundAsync(candidates, (_, _, _) => { }));
        for (var round = 0; round < settings.Rounds; round++)
            await RoundAsync(candidates, (what, candidate, took) => results[what][candidate].Values.Add(took));

        var ratios = results.ToDictionary(r => r.Key, r => r.Value[1].Over(r.Value[0]), StringComparer.Ordinal);
        var report = new Report("lists").Line()
            .Line($"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.").Line()
            .Line(string.Create(CultureInfo.InvariantCulture, $"{Few:#,0} and {many:#,0} ended operations of 5,000 tenants in 90 days. {settings.Rounds} rounds, taking turns, one request at a time. Milliseconds: median (quartiles; extremes).")).Line()
            .Table(["", "few", "many", "many takes"], results.Select(r => new[] { r.Key, r.Value[0].Text("0.0"), r.Value[1].Text("0.0"), ratios[r.Key].Text("0.00") + " ×" }))
            .Line($"The slowest: {Report.Verdict(ratios.Values.Max(r => r.Median), Bound, atLeast: false)}.");
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    // The questions about this registry.
    private static async Task<(string What, string Path)[]> AskAsync(string registry, TimeProvider time)
    {
        await using var connection = new NpgsqlConnection(registry);
        var (id, at) = await connection.QuerySingleAsync<(Guid, DateTime)>(
            "select id, created_at from operations where kind = @Kind order by created_at, id offset (select count(*) / 2 from operations where kind = @Kind) limit 1", new { VerifyWorkflow.Definition.Kind });
        var cursor = new Cursor(OperationStore.Sort, at.Ticks.ToString(CultureInfo.InvariantCulture), id);
        var day = Uri.EscapeDataString(time.GetUtcNow().AddDays(-1).ToString("O", CultureInfo.InvariantCulture));
        return [.. Questions.Select(q => (q.What, q.Path.Replace("{id}", id.ToString(), StringComparison.Ordinal).Replace("{cursor}", cursor.ToString(), StringComparison.Ordinal).Replace("{day}", day, StringComparison.Ordinal)))];
    }

    private static async Task RoundAsync((WholeProduct Product, (string What, string Path)[] Questions)[] candidates, Action<string, int, double> measured)
    {
        for (var question = 0; question < Questions.Length; question++)
        {
            for (var candidate = 0; candidate < candidates.Length; candidate++)
                measured(Questions[question].What, candidate, await candidates[candidate].Product.GetAsync(candidates[candidate].Questions[question].Path));
        }
    }
}
