using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Orchestrator.Admission;
using Saga.Registry.Scopes;

namespace Saga.Orchestrator.Scopes;

/// <summary>
/// Gives free scopes to the operations that wait for them, and refuses those whose time to wait is over. It looks when an operation of
/// this process ended, and once a second in case another process changed something or died. Any number may run.
/// </summary>
internal sealed partial class ScopeGranter(IScopeWaitStore store, ScopeSignal signal, AdmissionSignal admission, TimeProvider time, ILogger<ScopeGranter> log)
    : BackgroundService
{
    private const int Page = 100;
    private static readonly TimeSpan EverySecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(GrantAsync(stoppingToken), WakeEverySecondAsync(stoppingToken));

    private async Task GrantAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var granted = await store.GrantAsync(Page, stopping);
                if (granted.Queued > 0)
                    admission.Wake();
                if (granted.LookAgain)
                    await Task.Delay(Soon, time, stopping);
                else
                    await signal.WaitAsync(stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogNotGranted(error);
                await Task.Delay(EverySecond, time, stopping);
            }
        }
    }

    private async Task WakeEverySecondAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(EverySecond, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            signal.Wake();
            try
            {
                while (await store.RefuseExpiredAsync(Page, stopping) is var refused and > 0)
                {
                    LogRefused(refused);
                }
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogNotRefused(error);
            }
        }
    }

    [LoggerMessage(EventId = 2540, Level = LogLevel.Warning, Message = "Free scopes could not be given to waiting operations; trying again in a second.")]
    private partial void LogNotGranted(Exception error);

    [LoggerMessage(EventId = 2541, Level = LogLevel.Warning, Message = "{Count} operations waited for their scopes until their time was over and are refused.")]
    private partial void LogRefused(int count);

    [LoggerMessage(EventId = 2542, Level = LogLevel.Warning, Message = "Operations whose time to wait for scopes is over could not be refused; trying again in a second.")]
    private partial void LogNotRefused(Exception error);
}
