using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Engine;
using Saga.Registry.Connections;

namespace Saga.Registry.Processes;

/// <summary>
/// Maintains this process's row. It is created before the host takes commands, updated by a heartbeat, and deleted at an orderly
/// stop. If the registry is unavailable for a while, the row is written when it answers again.
/// </summary>
internal sealed partial class ProcessRegistrar(
    ProcessStore processes, ServersOfProcess servers, IEnumerable<ProcessPart> parts, EngineLevel level, TimeProvider time, ILogger<ProcessRegistrar> log)
    : BackgroundService
{
    // A restart of a server changes its identity and may change its limit.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly RunningProcess process = new()
    {
        Id = Guid.CreateVersion7(),
        Program = Assembly.GetEntryAssembly()?.GetName().Name ?? "unknown",
        Version = typeof(ProcessRegistrar).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        Orchestrates = parts.Any(p => p.Orchestrates),
        EngineLevel = level.Value,
        Steps = [.. parts.SelectMany(p => p.Steps).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        MasterKeyIds = [.. parts.SelectMany(p => p.MasterKeyIds).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        ActiveMasterKeyId = parts.Select(p => p.ActiveMasterKeyId).FirstOrDefault(id => id is not null),
        ConnectionBudget = 0,
    };

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LookAsync(identify: false, cancellationToken);
        await BeatAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
            await processes.RemoveAsync(process.Id, limit.Token);
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException)
        {
            // Then the row gets old and no longer counts.
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(KeepFreshAsync(stoppingToken), KeepLookingAsync(stoppingToken));

    private async Task KeepLookingAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var known = await LookAsync(identify: true, stopping);
            await BeatAsync(stopping);
            await Task.Delay(known ? LookAgain : ProcessStore.Heartbeat, time, stopping);
        }
    }

    private async Task<bool> LookAsync(bool identify, CancellationToken cancellationToken)
    {
        try
        {
            return await servers.LookAsync(identify, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogBudgetsUnknown(error, process.Program);
            return false;
        }
    }

    private async Task KeepFreshAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ProcessStore.Heartbeat, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await BeatAsync(stoppingToken);
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            await processes.BeatAsync(process with { ConnectionBudget = servers.Uses.Sum(u => u.Connections) }, servers.Uses, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotBeaten(error, process.Program);
        }
    }

    [LoggerMessage(EventId = 1920, Level = LogLevel.Warning, Message = "The heartbeat of this process ({Program}) could not be written to the registry; trying again.")]
    private partial void LogNotBeaten(Exception error, string program);

    [LoggerMessage(EventId = 1912, Level = LogLevel.Warning, Message = "The connection budgets of this process ({Program}) could not be determined; trying again.")]
    private partial void LogBudgetsUnknown(Exception error, string program);
}
