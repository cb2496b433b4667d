using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Engine;
using Saga.Registry.Intake;
using Saga.Registry.Admission;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Batches;
using Saga.Registry.Connections;
using Saga.Registry.CustomSteps;
using Saga.Registry.DeadLetters;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Domains;
using Saga.Registry.Drift;
using Saga.Registry.Exports;
using Saga.Registry.Holds;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Processes;
using Saga.Registry.Replays;
using Saga.Registry.Retention;
using Saga.Registry.Schedule;
using Saga.Registry.Schema;
using Saga.Registry.Scopes;
using Saga.Registry.Sweep;
using Saga.Registry.Secrets;
using Saga.Registry.Settings;
using Saga.Registry.Tenants;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;
using Saga.Shared.Startup;

namespace Saga.Registry;

public static class RegistryRegistration
{
    /// <summary>
    /// Adds the control-plane database and its stores. It is migrated before the rest of the host starts.
    /// Several capabilities of one host may call it; only the first call has an effect.
    /// </summary>
    public static IServiceCollection AddRegistry(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(RegistryMigrator)))
            return services;
        services.AddOptionsWithValidateOnStart<RegistryOptions>().Bind(configuration.GetSection(RegistryOptions.Section)).ValidateDataAnnotations();
        services.AddOptionsWithValidateOnStart<StartupOptions>().Bind(configuration.GetSection(StartupOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => Connect(s.GetRequiredService<IOptions<RegistryOptions>>().Value));
        services.AddSingleton<RegistryMigrator>();
        services.AddSingleton<TenantStore>();
        services.AddSingleton<TenantNameStore>();
        services.AddSingleton<ServerRoomStore>();
        services.AddSingleton<TenantDomainStore>();
        services.AddSingleton<ServerListing>();
        services.AddSingleton<BoxKeyStore>();
        services.AddSingleton<SettingMarkStore>();
        services.AddSingleton<ServerHealthStore>();
        services.AddSingleton<IAcceptanceStore, CommandLedger>();
        services.AddSingleton<HoldStore>();
        services.AddSingleton<RegistryNotifier>();
        services.AddSingleton<LeasedTransactions>();
        services.AddEngineStores();
        services.AddSingleton<PlanStore>();
        services.AddSingleton<CustomStepStore>();
        services.AddSingleton<PlanWriter>();
        services.AddSingleton<TenantListing>();
        services.AddSingleton<OperationStore>();
        services.AddSingleton<FailureListing>();
        services.AddSingleton<CancellationStore>();
        services.AddSingleton<ReplayStore>();
        services.AddSingleton<ReplayCheckStore>();
        services.AddSingleton<NoteStore>();
        services.AddSingleton<BatchStore>();
        services.AddSingleton<PlaceVersionStore>();
        services.AddSingleton<Installation>();
        services.AddSingleton<DriftStore>();
        services.AddSingleton<QuarantineStore>();
        services.AddSingleton<IBatchRuns, BatchRuns>();
        services.AddSingleton<HistoryStore>();
        services.AddSingleton<ProgressStore>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<CertificateStore>();
        services.AddSingleton<DeadLetterStore>();
        services.AddSingleton<BackupStore>();
        services.AddSingleton<BackupScheduleStore>();
        services.AddSingleton<BackupRunStore>();
        services.AddSingleton<RestoredStore>();
        services.AddSingleton<BackupExpiryStore>();
        services.AddSingleton<ExportStore>();
        services.AddSingleton<ExportContents>();
        services.AddSingleton<BackupDrillStore>();
        services.AddSingleton<RegistryBackupStore>();
        services.AddSingleton<BackupCopyStore>();
        services.AddSingleton<RejectionStore>();
        services.AddSingleton<RegistryAvailability>();
        services.AddSingleton<RetentionStore>();
        services.AddSingleton<AuditSealStore>();
        services.AddSingleton<AuditListing>();
        services.AddSingleton<RefusalStore>();
        services.AddSingleton<SignInStore>();
        services.AddSingleton<ProcessStore>();
        services.AddSingleton<ConnectionStore>();
        services.AddSingleton<IServerBudgets, RegistryBudget>();
        services.AddSingleton<ServersOfProcess>();
        services.AddSingleton<HostedSteps>();
        services.AddSingleton<OrchestratorLevels>();
        services.AddSingleton(s => new RegistryAtStart(
            s.GetRequiredService<IOptions<StartupOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<RegistryAtStart>>()));
        services.AddHostedService<MigrateRegistryAtStart>();
        services.AddHostedService<ProcessRegistrar>();
        return services;
    }

    /// <summary>Adds the engine's port. Implementations that are already registered are kept.</summary>
    private static void AddEngineStores(this IServiceCollection services)
    {
        services.TryAddSingleton<RegistryClock>();
        services.TryAddSingleton(EngineLevel.Current);
        services.TryAddSingleton<ITransitionStore, SqlTransitionStore>();
        services.TryAddSingleton<ILeaseStore, SqlLeaseStore>();
        services.TryAddSingleton<IOutboxStore, SqlOutboxStore>();
        services.TryAddSingleton<ISweepStore, SqlSweepStore>();
        services.TryAddSingleton<IWaitStore, SqlWaitStore>();
        services.TryAddSingleton<ILeaseCheck>(s => s.GetRequiredService<LeasedTransactions>());
        services.TryAddSingleton<IStepInputStore, StepInputStore>();
        services.TryAddSingleton<IUnreadableOperationStore, UnreadableOperationStore>();
        services.TryAddSingleton<IDowntimeStore, SqlDowntimeStore>();
        services.TryAddSingleton<IAdmissionStore, SqlAdmissionStore>();
        services.TryAddSingleton<IScopeWaitStore, SqlScopeWaitStore>();
    }

    private const string IdleInTransaction = "idle_in_transaction_session_timeout";

    // NpgsqlConnectionStringBuilder reports every key as present.
    private static bool NamesPoolSize(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        return given.ContainsKey("Maximum Pool Size") || given.ContainsKey("MaxPoolSize");
    }

    // The hot path uses few statements, so preparing them automatically halves the server's time.
    private static NpgsqlDataSource Connect(RegistryOptions options)
    {
        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        if (connection.MaxAutoPrepare == 0)
            connection.MaxAutoPrepare = 64;
        // Transactions use local settings. Code that changes a session must use SessionReset.
        connection.NoResetOnClose = true;
        if (!NamesPoolSize(options.ConnectionString))
            connection.MaxPoolSize = options.MaxConnections;
        // A migration has no time limit, so the operating system must find out that the server's machine is gone. Sockets have no such option.
        if (connection is { KeepAlive: 0, TcpKeepAliveTime: 0, Host: { Length: > 0 } host } && host[0] is not ('/' or '@'))
            (connection.TcpKeepAlive, connection.TcpKeepAliveTime, connection.TcpKeepAliveInterval) = (true, 30, 10);
        // A process or machine that stopped with an open transaction must not keep rows locked.
        if (!(connection.Options ?? "").Contains(IdleInTransaction, StringComparison.Ordinal))
            connection.Options = string.Create(CultureInfo.InvariantCulture, $"{connection.Options} -c {IdleInTransaction}={options.IdleInTransactionSeconds}s").TrimStart();
        return NpgsqlDataSource.Create(connection);
    }
}
