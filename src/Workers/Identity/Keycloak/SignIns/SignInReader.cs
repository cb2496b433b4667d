using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Registry.Audit;

namespace Saga.Workers.Identity.Keycloak.SignIns;

/// <summary>Writes Keycloak's sign-ins to the audit log. Any number may run. What one could not read, the next pass reads, for as long as Keycloak keeps its events.</summary>
internal sealed partial class SignInReader(KeycloakEvents events, SignInStore store, IOptions<SignInOptions> options, TimeProvider time, ILogger<SignInReader> log) : BackgroundService
{
    private string? lastFailure;

    /// <summary>One pass: afterwards everything is written that Keycloak shows.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        foreach (var client in options.Value.Clients.Distinct(StringComparer.Ordinal))
        {
            var since = await store.SinceAsync(client, cancellationToken);
            var more = true;
            for (var first = 0; more; first += KeycloakEvents.Page)
            {
                (var page, more) = await events.ReadAsync(client, since, first, cancellationToken);
                await store.WriteAsync(client, page, cancellationToken);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.PollSeconds), time);
        do
        {
            try
            {
                await PassAsync(stoppingToken);
                lastFailure = null;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // The same failure of each pass would fill the log.
                if (error.Message != lastFailure)
                    LogFailed(error);
                lastFailure = error.Message;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(EventId = 3240, Level = LogLevel.Warning, Message = "Keycloak's sign-ins could not be written to the audit log; trying again.")]
    private partial void LogFailed(Exception error);
}
