using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Messaging;
using Saga.Orchestrator.Outbox;
using Saga.Registry.Admission;
using Saga.Registry.Outbox;
using Saga.Registry.Sweep;

namespace Saga.Orchestrator.Admission;

/// <summary>
/// Gives free slots to waiting operations, and wakes them. It looks when it is signalled, and once a second in case another process
/// changed something. While the broker accepts no messages, nothing is admitted, because wake-ups and dispatches would only pile up.
/// Any number may run.
/// </summary>
internal sealed partial class Admitter(
    IAdmissionStore store, AdmissionSignal signal, IOutboxSender sender, BrokerFlow flow, IOptions<AdmissionOptions> options, TimeProvider time, ILogger<Admitter> log)
    : BackgroundService
{
    private static readonly TimeSpan EverySecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(10);
    // A sweeper repeats a lost wake-up after this time. Longer than a send may take.
    private static readonly TimeSpan PutOff = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(AdmitAsync(stoppingToken), WakeEverySecondAsync(stoppingToken));

    private async Task AdmitAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var blocked = flow.Blocked;
                if (signal.TakeOverload() || blocked is not null)
                    await store.ReportOverloadAsync(options.Value.Slots, stopping);
                if (blocked is { } since)
                {
                    LogBlocked((int)since.TotalSeconds);
                    await Task.Delay(EverySecond, time, stopping);
                    continue;
                }

                var admitted = await store.AdmitAsync(options.Value.Slots, PutOff, stopping);
                await Task.WhenAll(admitted.Operations.Select(o => WakeAsync(o, stopping)));
                if (admitted.LookAgain)
                    await Task.Delay(Soon, time, stopping);
                else
                    await signal.WaitAsync(stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogNotAdmitted(error);
                await Task.Delay(EverySecond, time, stopping);
            }
        }
    }

    private async Task WakeAsync(SweptOperation operation, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(SendLimit);
        try
        {
            var message = new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, new OperationDue { OperationId = operation.Id }, operation.TraceParent);
            await sender.SendAsync(message, limit.Token);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            LogNotWoken(error, operation.Id);
        }
    }

    private async Task WakeEverySecondAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(EverySecond, time);
        while (await timer.WaitForNextTickAsync(stopping))
            signal.Wake();
    }

    [LoggerMessage(EventId = 1961, Level = LogLevel.Debug, Message = "The broker has accepted no message for {Seconds} s; no operation is admitted until it does.")]
    private partial void LogBlocked(int seconds);

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "Waiting operations could not be admitted; trying again in a second.")]
    private partial void LogNotAdmitted(Exception error);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Warning, Message = "Operation {Operation} was admitted but could not be woken; a sweeper will wake it.")]
    private partial void LogNotWoken(Exception error, Guid operation);
}
