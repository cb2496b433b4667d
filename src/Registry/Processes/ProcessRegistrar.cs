using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Engine;

namespace Saga.Registry.Processes;

/// <summary>
/// Maintains this process's row. It is created before the host takes commands, updated by a heartbeat, and deleted at an orderly
/// stop. If the registry is unavailable for a while, the row is written when it answers again.
/// </summary>
internal sealed partial class ProcessRegistrar(
    ProcessStore processes, NpgsqlDataSource registry, IEnumerable<ProcessPart> parts, EngineLevel level, TimeProvider time, ILogger<ProcessRegistrar> log)
    : BackgroundService
{
    private readonly RunningProcess process = new()
    {
        Id = Guid.CreateVersion7(),
        Program = Assembly.GetEntryAssembly()?.GetName().Name ?? "unknown",
        Version = typeof(ProcessRegistrar).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        Orchestrates = parts.Any(p => p.Orchestrates),
        EngineLevel = level.Value,
        Steps = [.. parts.SelectMany(p => p.Steps).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        MasterKeyIds = [.. parts.SelectMany(p => p.MasterKeyIds).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        ConnectionBudget = new NpgsqlConnectionStringBuilder(registry.ConnectionString).MaxPoolSize + parts.Sum(p => p.Connections),
    };

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ProcessStore.Heartbeat, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await BeatAsync(stoppingToken);
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            await processes.BeatAsync(process, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotBeaten(error, process.Program);
        }
    }

    [LoggerMessage(EventId = 1920, Level = LogLevel.Warning, Message = "The heartbeat of this process ({Program}) could not be written to the registry; trying again.")]
    private partial void LogNotBeaten(Exception error, string program);
}
