using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Saga.Host.Processes;
using Saga.Host.Startup;

namespace Saga.Host.Local;

/// <summary>
/// A server that this process starts for itself. Its output goes to a file. A server that a killed host of an earlier version left
/// running is stopped before the next one starts.
/// </summary>
internal sealed class LocalProcess : IAsyncDisposable, IPrivateServer
{
    private readonly string folder;
    private readonly string[] command;
    private readonly IReadOnlyDictionary<string, string>? environment;
    private Process process;
    private long logged;
    private int? port;
    private volatile bool stopped;

    private LocalProcess(string name, string folder, string[] command, IReadOnlyDictionary<string, string>? environment)
    {
        (Name, this.folder, this.command, this.environment) = (name, folder, command, environment);
        process = Begin();
    }

    public string Name { get; }

    public string LogFile => Path.Combine(folder, "log");

    public bool HasExited => process.HasExited;

    private string Note => NoteIn(folder);

    /// <param name="name">For messages.</param>
    /// <param name="folder">The folder for the log and the process id.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Its own variables; it gets few others.</param>
    public static async Task<LocalProcess> StartAsync(
        string name, string folder, string[] command, IReadOnlyDictionary<string, string>? environment = null)
    {
        await EndLeftOverAsync(NoteIn(folder));
        return new LocalProcess(name, folder, command, environment);
    }

    /// <summary>Stops what a killed host left running in the folder or below. Call it before deleting the folder, which has the ids.</summary>
    public static Task EndLeftOversAsync(string folder) =>
        Task.WhenAll(Directory.GetFiles(folder, "pid", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).Select(EndLeftOverAsync));

    /// <summary>Waits until something listens on the port.</summary>
    /// <exception cref="StartException">The process ended first, or nothing listened within three minutes.</exception>
    public async Task ListensAsync(int awaited, CancellationToken cancellationToken)
    {
        port = awaited;
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromMinutes(3);)
        {
            if (process.HasExited)
                throw new StartException($"{Name} did not start: {ServerLog.CauseSince(LogFile, logged)} Its log is {LogFile}. If its data is not needed, delete {folder}.");
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, awaited, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, cancellationToken);
            }
        }

        throw new StartException($"{Name} did not listen on 127.0.0.1:{awaited} within three minutes; its log is {LogFile}.");
    }

    public async Task EndsAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        if (stopped)
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(stopped, this);
        if (process.HasExited)
        {
            // Its children may still be there.
            await EndAsync(process.Id);
            process = Begin();
        }

        if (port is { } known)
            await ListensAsync(known, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        stopped = true;
        await EndAsync(process.Id);
        // It has no session of its own in its first moments.
        await Signals.EndAsync(process, (Signals.Terminate, TimeSpan.FromSeconds(2)), (Signals.Kill, TimeSpan.FromSeconds(5)));
        File.Delete(Note);
        process.Dispose();
    }

    private Process Begin()
    {
        logged = ServerLog.Length(LogFile);
        var started = ChildProcesses.Start(command, folder, environment, LogFile);
        File.WriteAllText(Note, string.Create(CultureInfo.InvariantCulture, $"{started.Id} {StartTicks(started.Id)}"));
        return started;
    }

    private static string NoteIn(string folder) => Path.Combine(folder, "pid");

    private static async Task EndLeftOverAsync(string note)
    {
        if (!File.Exists(note))
            return;
        var parts = (await File.ReadAllTextAsync(note)).Split(' ');
        // The same id and the same start time: the same process, not a later one that got the same id.
        if (parts is [var id, { Length: > 0 } ticks] && int.TryParse(id, CultureInfo.InvariantCulture, out var pid) && StartTicks(pid) == ticks)
            await EndAsync(pid);
        File.Delete(note);
    }

    // Ends the entire session, including processes that the server started.
    private static async Task EndAsync(int session)
    {
        _ = Signals.Send(-session, Signals.Terminate);
        var asked = Stopwatch.StartNew();
        while (Signals.Exists(-session))
        {
            if (asked.Elapsed > TimeSpan.FromSeconds(8))
                _ = Signals.Send(-session, Signals.Kill);
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
}
