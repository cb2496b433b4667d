using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Saga.Host.Startup;

namespace Saga.Host.Local;

/// <summary>
/// A server that this process starts in its own session, so that Ctrl-C in the terminal does not reach it and we can stop it in
/// order. Its output goes to a file. A server that a killed host left running is stopped before the next one starts.
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
    /// <param name="folder">The folder for the log and the process id.</param>
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

    /// <summary>Waits until something listens on the port.</summary>
    /// <exception cref="StartException">The process ended first, or nothing listened within a minute.</exception>
    public async Task ListensAsync(int port, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromMinutes(1);)
        {
            if (process.HasExited)
                throw new StartException($"{name} exited with {process.ExitCode} during its start; its log is {Path.Combine(Path.GetDirectoryName(pidFile)!, "log")}.");
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
        // The same id and the same start time: the same process, not a later one that got the same id.
        if (parts is [var id, var ticks] && int.TryParse(id, CultureInfo.InvariantCulture, out var pid) && StartTicks(pid) == ticks)
            await EndAsync(pid);
        File.Delete(note);
    }

    // Kills the entire session, including processes that the server started.
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
