using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Saga.Host.Embedded;

namespace Saga.Host.Processes;

/// <summary>
/// Starts processes that do not outlive this one. On Linux the kernel signals them when this process ends for any reason, also when
/// it is killed. Each runs in its own session, so that Ctrl-C in the terminal does not reach it.
/// </summary>
public static class ChildProcesses
{
    // Without the check, a process that is started while this one dies would miss the signal.
    private const string Script = "[ \"$PPID\" = \"$1\" ] || exit 1; umask 077; log=$2; shift 2; [ -z \"$log\" ] || exec >>\"$log\" 2>&1 </dev/null; exec \"$@\"";
    private static readonly Lazy<BlockingCollection<Action>> Starts = new(Listen);
    private static readonly Lazy<bool> CanSetUp = new(() => OperatingSystem.IsLinux() && Programs.Find("setpriv", Programs.Path) is not null);

    /// <param name="command">The program and its arguments.</param>
    /// <param name="home">Its home and working folder.</param>
    /// <param name="environment">Its own variables; it gets few others.</param>
    /// <param name="log">The file for its output; null to read it from the process.</param>
    /// <param name="user">The user to run as, if this process is root; null for the same user.</param>
    /// <param name="lastSignal">The signal that it gets when this process ends, such as <c>KILL</c>.</param>
    /// <exception cref="InvalidOperationException">It did not start; the message says why.</exception>
    public static Process Start(
        IReadOnlyList<string> command, string home, IReadOnlyDictionary<string, string>? environment = null, string? log = null, string? user = null, string lastSignal = "KILL")
    {
        List<string> line = ["sh", "-c", Script, "sh", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), log ?? "", .. Programs.Find("setsid", Programs.Path) is { } setsid ? [setsid] : Array.Empty<string>(), .. command];
        if (user is not null || CanSetUp.Value)
        {
            string[] identity = user is null ? [] : [$"--reuid={user}", $"--regid={user}", "--clear-groups"];
            string[] signal = CanSetUp.Value ? ["--pdeathsig", lastSignal] : [];
            line.InsertRange(0, ["setpriv", .. identity, .. signal]);
        }

        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardOutput = log is null,
            RedirectStandardError = log is null,
            RedirectStandardInput = log is null,
            UseShellExecute = false,
            WorkingDirectory = home,
        };
        MachineSettings.KeepFrom(start, home);
        foreach (var (key, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[key] = value;
        return Begin(start);
    }

    /// <summary>Runs a command to completion. If it is cancelled, the process is killed first.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message contains its output.</exception>
    public static async Task RunAsync(IReadOnlyList<string> command, string home, string? user = null, CancellationToken cancellationToken = default)
    {
        using var process = Start(command, home, user: user);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(cancellationToken).WaitAsync(TimeSpan.FromMinutes(2), cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            if (e is TimeoutException)
                throw new InvalidOperationException($"{Path.GetFileName(command[0])} did not end within two minutes.", e);
            throw;
        }

        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{Path.GetFileName(command[0])} failed with {process.ExitCode}: {ServerLog.Cause([.. (await errors).Split('\n'), .. (await output).Split('\n')])}");
    }

    // The kernel sends the signal when the thread that started the process ends, so that thread must last as long as this process.
    private static BlockingCollection<Action> Listen()
    {
        var starts = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var start in starts.GetConsumingEnumerable())
                start();
        })
        {
            IsBackground = true,
            Name = "child processes",
        }.Start();
        return starts;
    }

    private static Process Begin(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>();
        Starts.Value.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start."));
            }
            catch (Exception e)
            {
                started.SetException(e is Win32Exception ? new InvalidOperationException($"{start.FileName} could not be started: {e.Message}", e) : e);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }
}
