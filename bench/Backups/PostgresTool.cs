using System.Diagnostics;
using Npgsql;

namespace Saga.Bench.Backups;

/// <summary>Runs PostgreSQL's own programs.</summary>
internal static class PostgresTool
{
    /// <returns>The seconds that it took.</returns>
    public static async Task<double> RunAsync(string program, string admin, string database, params string[] arguments)
    {
        var address = new NpgsqlConnectionStringBuilder(admin);
        var start = new ProcessStartInfo(
            program, ["--host=" + address.Host, $"--port={address.Port}", "--username=" + address.Username, "--dbname=" + database, .. arguments]);
        start.Environment["PGPASSWORD"] = address.Password;
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(began).TotalSeconds : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}
