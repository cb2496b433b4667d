using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Shared.Startup;

namespace Saga.Registry.Schema;

/// <summary>Migrates the registry to this version's schema as soon as it answers, or waits until its owner has done so.</summary>
internal sealed partial class MigrateRegistryAtStart(
    NpgsqlDataSource registry, RegistryMigrator migrator, IOptions<StartupOptions> options, TimeProvider time, ILogger<MigrateRegistryAtStart> log)
    : WaitAtStart(TimeSpan.FromSeconds(options.Value.WaitSeconds), time)
{
    /// <summary>The key of its connection string, and what it is.</summary>
    public const string Registry = "Saga:Registry:ConnectionString: the registry";

    protected override string Awaited => Registry;

    protected override async Task TryAsync(CancellationToken cancellationToken)
    {
        await using (await registry.OpenConnectionAsync(cancellationToken))
            Answered();
        await migrator.MigrateAsync(cancellationToken);
    }

    protected override string? WhyAway(Exception error) => RegistryAvailability.IsAway(error) || error is RegistryNotMigratedException ? error.Message : null;

    protected override void LogWaiting(int seconds, string reason) => LogAway(seconds, reason);

    [LoggerMessage(EventId = 1905, Level = LogLevel.Warning, Message = "Waiting for the registry, for {Seconds} s more: {Reason}")]
    private partial void LogAway(int seconds, string reason);
}
