using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Lifecycle.Domains;
using Saga.Registry.Domains;

namespace Saga.Orchestrator.Domains;

/// <summary>Ends claims of domains that were not proved in time, and starts what a process that died after a proof did not start. Any number may run.</summary>
internal sealed partial class DomainSweeper(TenantDomainStore domains, DomainLinks links, TimeProvider time, ILogger<DomainSweeper> log) : BackgroundService
{
    private const int Page = 100;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        while (await domains.ExpireAsync(Page, stopping) is var expired and > 0)
        {
            LogExpired(expired);
            if (expired < Page)
                break;
        }

        await links.CatchUpAsync(Page, stopping);
    }

    [LoggerMessage(EventId = 2771, Level = LogLevel.Information, Message = "{Count} claims of domains ended, because their control was not proved in time.")]
    private partial void LogExpired(int count);

    [LoggerMessage(EventId = 2772, Level = LogLevel.Warning, Message = "Claims of domains could not be swept; trying again in a minute.")]
    private partial void LogFailed(Exception error);
}
