using System.Diagnostics;
using System.Globalization;
using Shouldly;

namespace Saga.Tests.Support;

/// <summary>The host in a separate process, as a user starts it.</summary>
public sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly List<string> output = [];
    private readonly SemaphoreSlim more = new(0);
    private readonly Process process;

    private HostProcess(Process process, string folder)
    {
        this.process = process;
        Folder = folder;
    }

    public string Folder { get; }

    public int ExitCode => process.ExitCode;

    public string Output
    {
        get
        {
            lock (output)
                return string.Join('\n', output);
        }
    }

    /// <summary>A data folder that root's PostgreSQL can also reach.</summary>
    public static string NewFolder() => Directory.CreateTempSubdirectory("saga-test-host-").FullName;

    public static HostProcess Start(string folder, params string[] arguments) =>
        Start(folder, Environment.CurrentDirectory, [Path.Combine(AppContext.BaseDirectory, "Saga.Host"), "--Saga:Data=" + folder, .. arguments]);

    /// <summary>With variables in its environment.</summary>
    public static HostProcess StartWith(IReadOnlyDictionary<string, string> environment, string folder, params string[] arguments) =>
        Start(folder, Environment.CurrentDirectory, [.. environment.Select(v => $"{v.Key}={v.Value}"), Path.Combine(AppContext.BaseDirectory, "Saga.Host"), "--Saga:Data=" + folder, .. arguments]);

    /// <summary>After a command of the shell, such as <c>ulimit -n 256</c>.</summary>
    public static HostProcess StartAfter(string shellCommand, string folder, params string[] arguments) =>
        Start(folder, Environment.CurrentDirectory, ["sh", "-c", $"{shellCommand}; exec \"$@\"", "sh", Path.Combine(AppContext.BaseDirectory, "Saga.Host"), "--Saga:Data=" + folder, .. arguments]);

    /// <summary>As the README says: <c>./dev up</c> in the root of the sources.</summary>
    public static HostProcess DevUp(string folder)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Saga.sln")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The tests do not run below the sources.");
        return Start(folder, root, ["SAGA_DATA=" + folder, "./dev", "up"]);
    }

    private static HostProcess Start(string folder, string directory, string[] command)
    {
        // A test in the background of a shell inherits that SIGINT is ignored.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var host = new HostProcess(Process.Start(start)!, folder);
        host.process.OutputDataReceived += host.Keep;
        host.process.ErrorDataReceived += host.Keep;
        host.process.BeginOutputReadLine();
        host.process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Waits for a line that contains the text.</summary>
    public async Task<string> SaysAsync(string text)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < WaitLimit.Of(Patience);)
        {
            lock (output)
            {
                if (output.Find(l => l.Contains(text, StringComparison.Ordinal)) is { } line)
                    return line;
            }

            if (!await more.WaitAsync(TimeSpan.FromSeconds(1)) && process.HasExited)
                break;
        }

        throw new ShouldAssertException($"The host did not say '{text}'. It said:\n{Output}");
    }

    /// <summary>Waits for a condition while the host runs. A failure shows what the host said.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan limit)
    {
        try
        {
            await Until.TrueAsync(() => process.HasExited ? throw new TimeoutException($"The host ended before: {what}.") : condition(), what, limit);
        }
        catch (TimeoutException e)
        {
            throw new ShouldAssertException($"{e.Message} The host said:\n{Output}", e);
        }
    }

    public async Task<int> EndsAsync()
    {
        using var limit = new CancellationTokenSource(WaitLimit.Of(Patience));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public Task<int> InterruptAsync() => SignalAsync(2);

    public Task<int> TerminateAsync() => SignalAsync(15);

    public Task<int> KillAsync() => SignalAsync(9);

    /// <summary>Waits until a process that names the folder runs a program.</summary>
    public Task RunsAsync(string program) => Until.TrueAsync(
        () => process.HasExited ? throw new ShouldAssertException($"The host ended. It said:\n{Output}") : Task.FromResult(ProcessesOf(Folder).Any(p => p.Contains(program, StringComparison.Ordinal) && !p.Contains("Saga.Host", StringComparison.Ordinal))),
        $"{program} runs", Patience);

    /// <summary>The command lines of all processes that name the folder or work in it.</summary>
    public static IReadOnlyList<string> ProcessesOf(string folder) => [.. Processes(folder).Select(p => p.CommandLine)];

    /// <summary>Kills processes of a program that name the folder or work in it.</summary>
    /// <returns>How many there were.</returns>
    public static int Kill(string folder, string program) =>
        Processes(folder).Count(p => p.CommandLine.Split(' ')[0].EndsWith(program, StringComparison.Ordinal) && UnixSignals.Send(p.Id, UnixSignals.Kill));

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await TerminateAsync();
        process.Dispose();
        more.Dispose();
    }

    private async Task<int> SignalAsync(int signal)
    {
        UnixSignals.Send(process.Id, signal).ShouldBeTrue();
        return await EndsAsync();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (output)
            output.Add(line.Data);
        more.Release();
    }

    private static IEnumerable<(int Id, string CommandLine)> Processes(string folder)
    {
        foreach (var entry in Directory.GetDirectories("/proc"))
        {
            // Some servers overwrite their command line.
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var id) && CommandLine(entry) is { Length: > 0 } line
                && (line.Contains(folder, StringComparison.Ordinal) || WorksIn(entry).StartsWith(folder, StringComparison.Ordinal)))
            {
                yield return (id, line);
            }
        }
    }

    private static string WorksIn(string entry)
    {
        try
        {
            return new FileInfo(Path.Combine(entry, "cwd")).LinkTarget ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            // The process has ended in the meantime.
            return "";
        }
    }
}
