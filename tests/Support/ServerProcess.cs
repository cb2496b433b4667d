using System.Diagnostics;
using Saga.Host.Processes;

namespace Saga.Tests.Support;

/// <summary>A server that runs as a child of the tests, and ends with them.</summary>
public sealed class ServerProcess
{
    private readonly string program;
    private readonly string[] arguments;
    private readonly List<string> output = [];
    private Process? process;

    public ServerProcess(string program, params string[] arguments)
    {
        this.program = program;
        this.arguments = arguments;
        AtEnd.Do(Kill);
    }

    /// <summary>What it needs in its environment besides what every program needs.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public void Start()
    {
        var start = new ProcessStartInfo("setsid", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        MachineSettings.KeepFrom(start, Path.GetTempPath());
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        Watchdog.Watch(process.Id);
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Restarts it whenever it exits, until the work is done.</summary>
    public async Task KeepWhileAsync(Task work)
    {
        while (!work.IsCompleted)
        {
            if (process!.HasExited)
            {
                process.Dispose();
                Start();
            }

            await Task.WhenAny(work, Task.Delay(100));
        }

        await work;
    }

    /// <summary>Kills it, like a crash.</summary>
    public void Kill()
    {
        if (process is null)
            return;
        // A starter script has the server as a child, which would keep the output open that the wait below reads to its end.
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        Watchdog.Forget(process.Id);
        process.Dispose();
        process = null;
    }

    /// <summary>Freezes it (SIGSTOP): connections stay open, and nothing answers.</summary>
    public void Freeze() => Signal(UnixSignals.Stop);

    /// <summary>Lets it continue.</summary>
    public void Thaw() => Signal(UnixSignals.Continue);

    /// <summary>Waits until the probe succeeds. Fails with the server's last output if it exits or takes too long.</summary>
    public async Task WaitAsync(Func<Task<bool>> probe, TimeSpan limit)
    {
        try
        {
            await Until.TrueAsync(async () => await probe() || (process!.HasExited ? throw Failed("ended") : false), $"{program} is ready", limit);
        }
        catch (TimeoutException)
        {
            throw Failed("was not ready in time");
        }
    }

    // To its whole session, because a starter script has the server as a child.
    private void Signal(int signal)
    {
        if (process is not null)
            _ = UnixSignals.Send(-process.Id, signal);
    }

    private InvalidOperationException Failed(string how)
    {
        lock (output)
            return new InvalidOperationException($"{program} {how}: {string.Join('\n', output.TakeLast(20))}");
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (output)
            output.Add(line.Data ?? "");
    }
}
