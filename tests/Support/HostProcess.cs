using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
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
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience;)
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

    public async Task<int> EndsAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public Task<int> InterruptAsync() => SignalAsync(2);

    public Task<int> TerminateAsync() => SignalAsync(15);

    public Task<int> KillAsync() => SignalAsync(9);

    /// <summary>The command lines of all processes that name the folder.</summary>
    public static IReadOnlyList<string> ProcessesOf(string folder) =>
    [
        .. Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out _))
            .Select(CommandLine).Where(c => c.Contains(folder, StringComparison.Ordinal)),
    ];

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await TerminateAsync();
        process.Dispose();
        more.Dispose();
    }

    private async Task<int> SignalAsync(int signal)
    {
        Kill(process.Id, signal).ShouldBe(0);
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

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
