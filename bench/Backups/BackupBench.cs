using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Bench.Figures;
using Saga.Bench.Provisioning;
using Saga.Bench.Servers;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;

namespace Saga.Bench.Backups;

/// <summary>Bench backup: a backup and a restore beside, against pg_dump and pg_restore alone on the same data, taking turns.</summary>
internal static class BackupBench
{
    private const int Rows = 1_000_000;
    private const double Bound = 1.3;

    public static async Task RunAsync(Settings settings, TimeProvider time)
    {
        var rows = settings.Count ?? Rows;
        await using var systems = await ExternalSystems.StartAsync(TimeSpan.Zero, "max_wal_size=4GB");
        using var times = new StepTimes();
        var registry = await systems.Postgres.NewRegistryAsync();
        await using var product = await WholeProduct.StartAsync("backup", systems, registry, await RabbitServer.NewVirtualHostAsync(), times, settings, time);
        await using var source = NpgsqlDataSource.Create(registry);
        var rounds = new List<Round>();
        // Round 0 warms up, with few rows.
        for (var round = 0; round <= settings.Rounds; round++)
        {
            var slug = string.Create(CultureInfo.InvariantCulture, $"bench-{round}");
            await product.ProvisionAsync(slug, IsolationTier.Schema);
            await Documents.FillAsync(systems.Postgres.Admin, source, slug, round == 0 ? 1000 : rows);
            var measured = await RoundAsync(systems.Postgres.Admin, product, source, times, slug);
            if (round == 0)
                continue;
            rounds.Add(measured);
            await Console.Error.WriteLineAsync(measured.ToString());
        }

        var report = new Report("backup").Line()
            .Line($"{Machine.Describe(time, await systems.VersionsAsync())} Load average {Machine.Load():0.0}.").Line()
            .Line(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} documents, {rounds[0].Megabytes:0} MB with their indexes, {rounds[0].DumpMegabytes:0} MB as a dump."))
            .Line()
            .Table(
                ["", "alone, s", "alone, MB/s", "the step, s", "the step, MB/s", "the step's ratio", "POST to end, s"],
                [
                    Row("backup, pg_dump", rounds, r => r.Dump, r => r.BackupStep, r => r.Backup),
                    Row("restore beside, pg_restore", rounds, r => r.Restore, r => r.RestoreStep, r => r.RestoreBeside),
                ])
            .Line($"Backup: {Report.Verdict(Median(rounds, r => r.BackupStep / r.Dump), Bound, atLeast: false)}. Restore: {Report.Verdict(Median(rounds, r => r.RestoreStep / r.Restore), Bound, atLeast: false)}.");
        await (settings.Write ? report.WriteAsync() : report.PrintAsync());
    }

    private static async Task<Round> RoundAsync(string admin, WholeProduct product, NpgsqlDataSource registry, StepTimes times, string slug)
    {
        await using var connection = await registry.OpenConnectionAsync();
        var (database, schema) = await connection.QuerySingleAsync<(string, string)>(
            "select database, schema from placements p join tenants t on t.id = p.tenant_id where t.slug = @slug and state = 'current'", new { slug });
        var file = Path.Combine(Path.GetTempPath(), $"saga-bench-{Guid.NewGuid():n}.dump");
        var empty = $"saga_bench_{Guid.NewGuid():n}";
        await ClosedDatabases.CreateAsync(admin, empty);
        try
        {
            // What the tenant's tables need, as in every database of the product.
            await PostgresTool.RunAsync("pg_dump", admin, database, "--format=custom", "--schema=saga", "--schema-only", "--file=" + file);
            await PostgresTool.RunAsync("pg_restore", admin, empty, "--no-owner", "--no-privileges", file);
            var dump = await PostgresTool.RunAsync("pg_dump", admin, database, "--format=custom", $"--schema={schema}", "--file=" + file);
            var restore = await PostgresTool.RunAsync("pg_restore", admin, empty, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", file);
            times.Forget();
            var (operation, backup) = await product.RunAsync(slug, "backup", new { note = "bench" });
            var backupId = await connection.ExecuteScalarAsync<Guid>("select id from backups where operation_id = @operation", new { operation });
            var (_, beside) = await product.RunAsync(slug, "restore", new { backupId, mode = "beside" });
            return new(
                await SizeAsync(admin, empty) / 1e6, new FileInfo(file).Length / 1e6, dump, times.MedianMilliseconds(StepNames.BackupRows) / 1000, backup,
                restore, times.MedianMilliseconds(StepNames.RestoreRows) / 1000, beside);
        }
        finally
        {
            File.Delete(file);
            await using var server = new NpgsqlConnection(admin);
            await server.ExecuteAsync($"drop database {empty} with (force)", commandTimeout: 0);
        }
    }

    private static async Task<long> SizeAsync(string admin, string database)
    {
        await using var place = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Database = database, Pooling = false }.ConnectionString);
        return await place.ExecuteScalarAsync<long>("select sum(pg_total_relation_size(c.oid))::int8 from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'r' and nspname ~ '^t_'");
    }

    private static string[] Row(string name, List<Round> rounds, Func<Round, double> alone, Func<Round, double> step, Func<Round, double> whole) =>
    [
        name, Number(Median(rounds, alone)), Number(Median(rounds, r => r.Megabytes / alone(r))), Number(Median(rounds, step)),
        Number(Median(rounds, r => r.Megabytes / step(r))), Series(rounds, r => step(r) / alone(r)).Text("0.00") + " ×", Number(Median(rounds, whole)),
    ];

    private static double Median(List<Round> rounds, Func<Round, double> of) => Series(rounds, of).Median;

    private static Series Series(List<Round> rounds, Func<Round, double> of)
    {
        var series = new Series("");
        series.Values.AddRange(rounds.Select(of));
        return series;
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private sealed record Round(
        double Megabytes, double DumpMegabytes, double Dump, double BackupStep, double Backup, double Restore, double RestoreStep, double RestoreBeside);
}
