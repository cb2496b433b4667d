using System.Diagnostics;
using System.Globalization;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd;

public sealed class When_a_test_run_is_killed
{
    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_leave_no_server_and_no_folder_behind()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Saga.Tests.CrashHost"), ["servers"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        // Identifies the processes that it starts.
        var mark = $"saga-test-killed-{Guid.NewGuid():n}";
        start.Environment["TMPDIR"] = Directory.CreateTempSubdirectory(mark).FullName;
        // PostgreSQL runs as another user when root starts it.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(start.Environment["TMPDIR"]!, (UnixFileMode)0b111_111_111);
        using var run = Process.Start(start)!;
        (await run.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("started");
        var servers = Processes(mark, except: run.Id);
        servers.ShouldContain(s => s.Contains("postgres", StringComparison.Ordinal));
        servers.ShouldContain(s => s.Contains("redis", StringComparison.Ordinal));
        servers.ShouldContain(s => s.Contains("beam", StringComparison.Ordinal));

        // SIGKILL to that process only.
        run.Kill(entireProcessTree: false);

        await Until.TrueAsync(() => Task.FromResult(Processes(mark, except: run.Id).Count == 0), "no server is left");
        await Until.TrueAsync(() => Task.FromResult(Directory.GetDirectories(start.Environment["TMPDIR"]!, "saga-test-postgres*").Length == 0), "its folder is gone");
        Directory.Delete(start.Environment["TMPDIR"]!, recursive: true);
    }

    // Found by their inherited environment or their working directory, because some overwrite their command line and environment.
    // Erlang's port mapper (epmd) serves every broker of the machine and outlives the one that happened to start it.
    private static List<string> Processes(string mark, int except) =>
    [
        .. Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) && pid != except)
            .Where(d => Read(Path.Combine(d, "environ")).Contains(mark, StringComparison.Ordinal) || WorksIn(d).Contains(mark, StringComparison.Ordinal)).Select(d => Read(Path.Combine(d, "comm")).Trim())
            .Where(name => name != "epmd"),
    ];

    private static string WorksIn(string process)
    {
        try
        {
            return new FileInfo(Path.Combine(process, "cwd")).LinkTarget ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
