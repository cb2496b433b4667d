using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Orchestrator.Outbox;

namespace Saga.Orchestrator.Sweep;

/// <summary>
/// Wakes operations whose deadline or delay is over. Times live in the registry, so they survive the loss of every
/// process and of the broker. Any number may run: each takes rows that are not locked, and puts them off a little,
/// so that a wake that is lost is made again.
/// </summary>
internal sealed partial class DueSweeper(
    NpgsqlDataSource registry, OutboxSender sender, IOptions<OrchestratorOptions> options, TimeProvider time, ILogger<DueSweeper> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.SweepMilliseconds), time);
        do
        {
            try
            {
                foreach (var (operation, trace) in await TakeDueAsync(stoppingToken))
                    await WakeAsync(operation, trace, stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogSweepFailed(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<IEnumerable<(Guid Id, string? TraceParent)>> TakeDueAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QueryAsync<(Guid Id, string? TraceParent)>(new CommandDefinition(
            """
            update operations set next_due_at = now() + interval '10 seconds'
            where id in (
                select id from operations where next_due_at <= now()
                order by next_due_at limit 200 for no key update skip locked)
            returning id, traceparent
            """,
            cancellationToken: cancellationToken));
    }

    private async Task WakeAsync(Guid operation, string? trace, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        await sender.SendAsync(new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, new OperationDue { OperationId = operation }, trace), limit.Token);
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "Operations that are due could not all be woken; trying again.")]
    private partial void LogSweepFailed(Exception error);
}
