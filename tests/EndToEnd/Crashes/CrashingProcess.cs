using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Saga.Contracts;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>A control-plane process that kills itself at a crash point.</summary>
internal sealed class CrashingProcess : IDisposable
{
    private const int Killed = 128 + 9;
    private static readonly TimeSpan Patience = WaitLimit.Minutes(3);
    private readonly Process process;
    private readonly StringBuilder output = new();

    public CrashingProcess(CrashOrders orders)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Saga.Tests.CrashHost"))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        // The process lives only for seconds, so tiered optimisation and a concurrent garbage collector are not worthwhile.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["SAGA_TEST_LOG"] = "1";
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.WriteLine(JsonSerializer.Serialize(orders, Json.Options));
        process.StandardInput.Flush();
    }

    private string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Waits until it has killed itself.</summary>
    /// <param name="finished">Whether its work has ended, so that it can no longer reach the point.</param>
    /// <returns>False when it never reached its point.</returns>
    public async Task<bool> DiedAsync(Func<Task<bool>> finished)
    {
        var clock = Stopwatch.StartNew();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var grace = 20;
        while (!process.HasExited)
        {
            // Allows a moment for work after the last commit, such as the acknowledgement.
            if (await finished() && --grace == 0)
                return false;
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"The process neither came to its point nor to its work's end within {Patience.TotalSeconds:0} s:\n{Output}");
            await tick.WaitForNextTickAsync();
        }

        await process.WaitForExitAsync();
        if (process.ExitCode != Killed)
            throw new InvalidOperationException($"The process ended with {process.ExitCode} instead of being killed:\n{Output}");
        return true;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (output)
            output.AppendLine(line.Data);
    }
}
