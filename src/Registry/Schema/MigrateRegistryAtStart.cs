using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Saga.Registry.Schema;

/// <summary>
/// Runs in the host's starting phase, which ends before any other hosted service starts. Waits for a registry that does not
/// answer yet: after a power cut, the database may need longer than this program.
/// </summary>
internal sealed partial class MigrateRegistryAtStart(RegistryMigrator migrator, IOptions<StartupOptions> options, TimeProvider time, ILogger<MigrateRegistryAtStart> log)
    : IHostedLifecycleService
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    /// <exception cref="TimeoutException">The registry did not answer in time; the message says so in words.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var limit = TimeSpan.FromSeconds(options.Value.WaitSeconds);
        for (var delay = TimeSpan.FromMilliseconds(500); ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                await migrator.MigrateAsync(cancellationToken);
                return;
            }
            catch (Exception error) when (RegistryAvailability.IsAway(error) && !cancellationToken.IsCancellationRequested)
            {
                var left = limit - time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero)
                {
                    throw new TimeoutException(string.Create(
                        CultureInfo.InvariantCulture, $"Saga:Registry:ConnectionString: the registry did not answer within {limit.TotalSeconds} s ({StartupOptions.Section}:{nameof(StartupOptions.WaitSeconds)}): {error.Message}"), error);
                }

                LogWaiting((int)left.TotalSeconds, error.Message);
                await Task.Delay(delay < left ? delay : left, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 1905, Level = LogLevel.Warning, Message = "Waiting for the registry, for {Seconds} s more: {Reason}")]
    private partial void LogWaiting(int seconds, string reason);
}
