using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Bench.Figures;
using Saga.Bench.Provisioning;
using Saga.Bench.Servers;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;

namespace Saga.Bench.Moves;

/// <summary>Bench move: how many rows a second a move to another tier copies, and how long the tenant cannot write meanwhile.</summary>
internal static class MoveBench
{
    private const int Rows = 1_000_000;
    private static readonly (IsolationTier From, IsolationTier To)[] Directions =
        [(IsolationTier.Row, IsolationTier.Schema), (IsolationTier.Schema, IsolationTier.Database), (IsolationTier.Database, IsolationTier.Row)];

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        var rows = settings.Count ?? Rows;
        await using var systems = await ExternalSystems.StartAsync(TimeSpan.Zero, "max_wal_size=4GB");
        using var times = new StepTimes();
        var registry = await systems.Postgres.NewRegistryAsync();
        await using var product = await WholeProduct.StartAsync("move", systems, registry, await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        await using var source = NpgsqlDataSource.Create(registry);
        var lines = new List<string[]>();
        // Round 0 warms up, with few rows.
        for (var round = 0; round <= settings.Rounds; round++)
        {
            foreach (var (from, to) in Directions)
            {
                var slug = string.Create(CultureInfo.InvariantCulture, $"bench-{from}-{round}").ToLowerInvariant();
                await product.ProvisionAsync(slug, from);
                var moved = await Documents.FillAsync(systems.Postgres.Admin, source, slug, round == 0 ? 1000 : rows);
                times.Forget();
                await using var heap = HeapWatch.Start(time);
                await product.RunAsync(slug, "migrate", new { isolation = to, migrationOptions = new { downtime = true } });
                var pause = await PauseAsync(source, slug);
                if (round == 0)
                    continue;
                var copy = times.MedianMilliseconds(StepNames.CopyRows) / 1000;
                lines.Add([$"{ProvisioningBench.Name(from)} to {ProvisioningBench.Name(to)}", Whole(moved), Number(copy), Whole(moved / copy), Number(times.MedianMilliseconds(StepNames.CompareRows) / 1000), Number(pause), Whole(heap.MostMegabytes)]);
                await Console.Error.WriteLineAsync(string.Join(", ", lines[^1]));
            }
        }

        var report = new Report("move").Line()
            .Line($"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.").Line()
            .Table(["move", "rows", "copy, s", "rows/s", "comparison, s", "pause of writes, s", "largest heap, MB"], lines);
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    // From the moment that the hold stands in the registry to the one at which it is lifted.
    private static async Task<double> PauseAsync(NpgsqlDataSource registry, string slug)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<double>(
            "select extract(epoch from max(a.at) filter (where action = 'hold.lift') - min(a.at) filter (where action = 'hold.set'))::float8 from audit a join tenants t on t.id = a.tenant_id where t.slug = @slug",
            new { slug });
    }

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
