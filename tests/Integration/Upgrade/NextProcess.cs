using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>A process of the next version.</summary>
internal sealed class NextProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = WaitLimit.Minutes(2);
    private readonly ConcurrentQueue<string> output = new();
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process process;

    private NextProcess(NextOrders orders)
    {
        process = Process.Start(new ProcessStartInfo(Program())
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        })!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.WriteLine(JsonSerializer.Serialize(orders, Json.Options));
        process.StandardInput.Flush();
    }

    public static Task<NextProcess> OrchestrateAsync(NpgsqlDataSource registry, string bus) => StartAsync(registry, bus, true, []);

    public static Task<NextProcess> WorkAsync(NpgsqlDataSource registry, string bus, params string[] steps) => StartAsync(registry, bus, false, steps);

    /// <summary>Kills the process with SIGKILL.</summary>
    public Task KillAsync()
    {
        process.Kill();
        return process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException error)
        {
            process.Kill();
            throw new TimeoutException($"Tomorrow's process did not end:\n{string.Join('\n', output)}", error);
        }
        finally
        {
            process.Dispose();
        }
    }

    private static async Task<NextProcess> StartAsync(NpgsqlDataSource registry, string bus, bool orchestrates, IReadOnlyList<string> steps)
    {
        var next = new NextProcess(new() { Registry = registry.ConnectionString, Bus = bus, Orchestrates = orchestrates, Steps = steps });
        var first = await Task.WhenAny(next.started.Task, next.process.WaitForExitAsync()).WaitAsync(Patience);
        return first == next.started.Task ? next : throw new InvalidOperationException($"Tomorrow's process ended:\n{string.Join('\n', next.output)}");
    }

    // In a separate folder, because this program's folder contains the current contracts.
    private static string Program()
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var built = Path.GetRelativePath(Path.GetFullPath(Path.Combine(here, "../../..")), here);
        return Path.GetFullPath(Path.Combine(here, "../../../../NextHost", built, "Saga.Tests.NextHost"));
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not { } text)
            return;
        output.Enqueue(text);
        if (text == "started")
            started.TrySetResult();
    }
}
