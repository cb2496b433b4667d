using System.Diagnostics;
using System.Text;

namespace Saga.Tests.Support;

/// <summary>One of the three programs, started like an operator would, with configuration in environment variables.</summary>
public sealed class ProgramProcess : IDisposable
{
    private static readonly TimeSpan Patience = WaitLimit.Seconds(60);
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    /// <param name="program">The file name in this program's folder, or a path.</param>
    /// <param name="settings">Configuration keys and their values.</param>
    /// <param name="arguments">The command line.</param>
    public ProgramProcess(string program, IEnumerable<KeyValuePair<string, string?>> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, program), arguments)
        {
            // Not the program's folder, because the program must find its files from any working directory.
            WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var (key, value) in settings)
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        process = Process.Start(start)!;
        Watchdog.Watch(process.Id);
        process.OutputDataReceived += (_, line) => Keep(output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => process.HasExited;

    public string Output => Read(output);

    public string Errors => Read(errors);

    public async Task<int> EndsAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public Task<int> TerminateAsync()
    {
        _ = UnixSignals.Send(process.Id, UnixSignals.Terminate);
        return EndsAsync();
    }

    /// <summary>Freezes it (SIGSTOP), as a machine that is paused or swaps does.</summary>
    public void Freeze() => _ = UnixSignals.Send(process.Id, UnixSignals.Stop);

    /// <summary>Lets it continue.</summary>
    public void Thaw() => _ = UnixSignals.Send(process.Id, UnixSignals.Continue);

    /// <summary>Kills it (SIGKILL), like a crash.</summary>
    public void Kill()
    {
        if (process.HasExited)
            return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        Watchdog.Forget(process.Id);
        process.Dispose();
    }

    private static void Keep(StringBuilder lines, string? line)
    {
        // Null marks the end of the output.
        if (line is null)
            return;
        lock (lines)
            lines.AppendLine(line);
    }

    private static string Read(StringBuilder lines)
    {
        lock (lines)
            return lines.ToString();
    }
}
