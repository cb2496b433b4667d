using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Outbox;
using Saga.Registry.Outbox;
using Saga.Registry.Sweep;

namespace Saga.Orchestrator.Sweep;

/// <summary>
/// Wakes operations whose deadline or delay is over. Due times are stored in the registry, so they survive the loss of all processes
/// and of the broker. Any number may run: each takes rows that are not locked and postpones them a little, so that a lost wake-up is
/// repeated.
/// </summary>
internal sealed partial class DueSweeper(
    ISweepStore store, IOutboxSender sender, AdmissionSignal admission, IOptions<OrchestratorOptions> options, TimeProvider time, ILogger<DueSweeper> log)
    : BackgroundService
{
    // A page is taken and sent at once. Taken operations are not due again before their send is given up.
    private const int Page = 200;
    private readonly TimeSpan sendLimit = TimeSpan.FromSeconds(options.Value.OutboxSendSeconds);
    private readonly TimeSpan putOff = 2 * TimeSpan.FromSeconds(options.Value.OutboxSendSeconds);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.SweepMilliseconds), time);
        do
        {
            try
            {
                // A full page means that more operations are due. After a failure the next tick is soon enough.
                while (await SweepAsync(stoppingToken) is { Taken: >= Page, Failed: 0 })
                {
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogSweepFailed(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<(int Taken, int Failed)> SweepAsync(CancellationToken stopping)
    {
        var due = await store.TakeDueAsync(Page, putOff, stopping);
        if (due.Queued > 0)
            admission.Wake();
        var woken = await Task.WhenAll(due.Taken.Select(operation => WakeAsync(operation, stopping)));
        return (due.Count, woken.Count(sent => !sent));
    }

    private async Task<bool> WakeAsync(SweptOperation operation, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(sendLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        try
        {
            var wake = new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, new OperationDue { OperationId = operation.Id }, operation.TraceParent);
            await sender.SendAsync(wake, both.Token);
            return true;
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            // The operation is due again after the time by which it was postponed.
            LogNotWoken(error, operation.Id);
            return false;
        }
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "Due operations could not be read; trying again.")]
    private partial void LogSweepFailed(Exception error);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Warning, Message = "Operation {Operation} is due but could not be woken; trying again.")]
    private partial void LogNotWoken(Exception error, Guid operation);
}
