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
/// Wakes operations whose deadline or delay is over. Times live in the registry, so they survive the loss of every
/// process and of the broker. Any number may run: each takes rows that are not locked, and puts them off a little,
/// so that a wake that is lost is made again.
/// </summary>
internal sealed partial class DueSweeper(
    ISweepStore store, OutboxSender sender, AdmissionSignal admission, IOptions<OrchestratorOptions> options, TimeProvider time, ILogger<DueSweeper> log)
    : BackgroundService
{
    private const int Page = 200;
    private static readonly TimeSpan PutOff = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.SweepMilliseconds), time);
        do
        {
            try
            {
                var due = await store.TakeDueAsync(Page, PutOff, stoppingToken);
                if (due.Queued > 0)
                    admission.Wake();
                foreach (var (operation, trace) in due.Taken)
                    await WakeAsync(operation, trace, stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogSweepFailed(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
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
