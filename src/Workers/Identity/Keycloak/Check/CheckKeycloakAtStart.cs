using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak.Check;

/// <summary>
/// Ends the start when Keycloak, the realm or the service account lacks something, so that an operator finds out and not the first
/// tenant. If Keycloak does not answer, the process starts, since provisioning can wait for it, and the check is made up for later.
/// </summary>
internal sealed partial class CheckKeycloakAtStart(KeycloakCheck check, TimeProvider time, ILogger<CheckKeycloakAtStart> log) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private bool answered;

    /// <exception cref="OptionsValidationException">Something is missing. Its failures name each fault and its remedy.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (await TryAsync(cancellationToken) is { Count: > 0 } faults)
            throw new OptionsValidationException(KeycloakOptions.Section, typeof(KeycloakOptions), faults);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!answered)
        {
            await Task.Delay(Pause, time, stoppingToken);
            foreach (var fault in await TryAsync(stoppingToken))
                LogFault(fault);
        }
    }

    private async Task<IReadOnlyList<string>> TryAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var faults = await check.FindFaultsAsync(either.Token);
            answered = true;
            return faults;
        }
        catch (StepFailureException e)
        {
            LogNotChecked(e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotChecked($"no answer within {Patience.TotalSeconds:0} s");
        }

        return [];
    }

    [LoggerMessage(EventId = 2360, Level = LogLevel.Warning, Message = "Keycloak's realm and rights were not checked, and will be once it answers: {Reason}")]
    private partial void LogNotChecked(string reason);

    [LoggerMessage(EventId = 2361, Level = LogLevel.Critical, Message = "Tenants cannot be provisioned. {Fault}")]
    private partial void LogFault(string fault);
}
