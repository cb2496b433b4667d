using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Saga.Host.Startup;

namespace Saga.Host.Local;

/// <summary>
/// A server started by this process in a session of its own, so that Ctrl-C in the terminal reaches it through us
/// only, in order. Its output goes to a file. One left running by a killed host is ended before the next starts.
/// </summary>
internal sealed class LocalProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private readonly Process process;
    private readonly string name;
    private readonly string pidFile;
    private readonly int session;

    private LocalProcess(Process process, string name, string pidFile)
    {
        this.process = process;
        this.name = name;
        this.pidFile = pidFile;
        session = process.Id;
    }

    /// <param name="name">For messages.</param>
    /// <param name="folder">Takes the log and the process id.</param>
    /// <param name="command">The program and its arguments.</param>
    public static async Task<LocalProcess> StartAsync(
        string name, string folder, string[] command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var note = Path.Combine(folder, "pid");
        await EndLeftOverAsync(note);
        var start = new ProcessStartInfo("setsid", ["sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", Path.Combine(folder, "log"), .. command])
        {
            WorkingDirectory = folder,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[key] = value;
        var started = Process.Start(start) ?? throw new StartException($"{name} did not start.");
        await File.WriteAllTextAsync(note, string.Create(CultureInfo.InvariantCulture, $"{started.Id} {StartTicks(started.Id)}"));
        return new LocalProcess(started, name, note);
    }

    public bool HasExited => process.HasExited;

    /// <summary>Waits until somebody listens on the port.</summary>
    /// <exception cref="StartException">The process ended first, or nobody listened for a minute.</exception>
    public async Task ListensAsync(int port, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromMinutes(1);)
        {
            if (process.HasExited)
                throw new StartException($"{name} ended with {process.ExitCode} when it should start; its log is {Path.Combine(Path.GetDirectoryName(pidFile)!, "log")}.");
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, cancellationToken);
            }
        }

        throw new StartException($"{name} did not listen on 127.0.0.1:{port} within a minute; its log is {Path.Combine(Path.GetDirectoryName(pidFile)!, "log")}.");
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(session);
        File.Delete(pidFile);
        process.Dispose();
    }

    private static async Task EndLeftOverAsync(string note)
    {
        if (!File.Exists(note))
            return;
        var parts = (await File.ReadAllTextAsync(note)).Split(' ');
        // The same number and the same start: the same process, not one that got its number later.
        if (parts is [var id, var ticks] && int.TryParse(id, CultureInfo.InvariantCulture, out var pid) && StartTicks(pid) == ticks)
            await EndAsync(pid);
        File.Delete(note);
    }

    // The whole session: what the server started goes with it.
    private static async Task EndAsync(int session)
    {
        _ = Signal(-session, Terminate);
        var asked = Stopwatch.StartNew();
        while (Signal(-session, 0) == 0)
        {
            if (asked.Elapsed > TimeSpan.FromSeconds(8))
                _ = Signal(-session, Kill);
            await Task.Delay(20);
        }
    }

    private static string StartTicks(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (IOException)
        {
            return "";
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int pid, int signal);
}
