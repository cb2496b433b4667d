using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Shared.Startup;

namespace Saga.Registry.Schema;

/// <summary>Migrates the registry to this version's schema as soon as it answers, or waits until its owner has done so.</summary>
internal sealed partial class MigrateRegistryAtStart(RegistryMigrator migrator, IOptions<StartupOptions> options, TimeProvider time, ILogger<MigrateRegistryAtStart> log)
    : WaitAtStart(TimeSpan.FromSeconds(options.Value.WaitSeconds), time)
{
    protected override string Awaited => "Saga:Registry:ConnectionString: the registry";

    protected override Task TryAsync(CancellationToken cancellationToken) => migrator.MigrateAsync(cancellationToken);

    protected override string? WhyAway(Exception error) => RegistryAvailability.IsAway(error) || error is RegistryNotMigratedException ? error.Message : null;

    protected override void LogWaiting(int seconds, string reason) => LogAway(seconds, reason);

    [LoggerMessage(EventId = 1905, Level = LogLevel.Warning, Message = "Waiting for the registry, for {Seconds} s more: {Reason}")]
    private partial void LogAway(int seconds, string reason);
}
