using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Adopt;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Backup.Copies;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Backup.OfRegistry;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Cancel;
using Saga.Lifecycle.Config;
using Saga.Lifecycle.CustomSteps;
using Saga.Lifecycle.DomainLinking;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.Domains;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Export;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.MasterKeys;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Provision;
using Saga.Lifecycle.Schedule;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.RemoveCopies;
using Saga.Lifecycle.Replay;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.RemoveExports;
using Saga.Lifecycle.Revert;
using Saga.Lifecycle.Rotate;
using Saga.Lifecycle.Suspend;
using Saga.Lifecycle.Update;
using Saga.Lifecycle.Upgrades;
using Saga.Lifecycle.Verify;
using Saga.Registry;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Drift;
using Saga.Registry.Placements;
using Saga.Registry.Products;

namespace Saga.Lifecycle;

public static class LifecycleRegistration
{
    /// <summary>Adds the intake of every command. Needs the registry (<see cref="RegistryRegistration.AddRegistry"/>). May be called twice.</summary>
    public static IServiceCollection AddLifecycle(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.All(s => s.ServiceType != typeof(ReservedNames)))
        {
            services.AddOptionsWithValidateOnStart<NamesOptions, NamesOptionsValidation>().Bind(configuration.GetSection(NamesOptions.Section));
            services.AddOptionsWithValidateOnStart<DomainsOptions>().Bind(configuration.GetSection(DomainsOptions.Section)).ValidateDataAnnotations();
            services.TryAddSingleton<ITxtRecords, DnsTxtRecords>();
            services.AddSingleton<DomainChecker>();
            services.AddSingleton<DomainClaims>();
            services.AddSingleton<DomainLinks>();
            services.AddOptionsWithValidateOnStart<BackupScheduleOptions, BackupScheduleOptionsValidation>().Bind(configuration.GetSection(BackupScheduleOptions.Section));
            services.AddOptionsWithValidateOnStart<BackupRetentionOptions, BackupRetentionOptionsValidation>().Bind(configuration.GetSection(BackupRetentionOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton<BackupScheduler>();
            services.AddSingleton<BackupRetention>();
            services.AddOptionsWithValidateOnStart<BackupDrillOptions>().Bind(configuration.GetSection(BackupDrillOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton<BackupDrills>();
            services.AddOptionsWithValidateOnStart<RestoreOptions>().Bind(configuration.GetSection(RestoreOptions.Section)).ValidateDataAnnotations();
            services.AddOptionsWithValidateOnStart<RegistryBackupOptions, RegistryBackupOptionsValidation>().Bind(configuration.GetSection(RegistryBackupOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton<RegistryBackupScheduler>();
            services.AddOptionsWithValidateOnStart<BackupCopyOptions>().Bind(configuration.GetSection(BackupCopyOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton<BackupCopies>();
            services.AddOptionsWithValidateOnStart<DriftOptions, DriftOptionsValidation>().Bind(configuration.GetSection(DriftOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton<DriftScheduler>();
            services.AddSingleton<ReplayChecks>();
            services.AddOptionsWithValidateOnStart<UpgradesOptions, UpgradesOptionsValidation>().Bind(configuration.GetSection(UpgradesOptions.Section));
            services.AddOptionsWithValidateOnStart<FourEyesOptions, FourEyesOptionsValidation>().Bind(configuration.GetSection(FourEyesOptions.Section));
            services.AddSingleton<ReservedNames>(s => new(s.GetRequiredService<IOptions<NamesOptions>>()));
        }

        services.TryAddSingleton(typeof(Scheduler<>));
        services.TryAddSingleton(typeof(ScheduledSubmitter<>));
        services.TryAddSingleton(typeof(CommandReplayer<>));
        services.TryAddSingleton<EndedReplays>();
        services.TryAddSingleton(typeof(BatchCommands<>));
        services.TryAddSingleton<ProductVersionStore>();
        services.TryAddSingleton<UpgradeWindows>();
        services.TryAddSingleton<BatchPreparation>();
        services.TryAddSingleton<BatchSubmitter>();
        services.TryAddSingleton<PlacementStore>();
        services.TryAddSingleton<Rejections>();
        services.TryAddSingleton<CustomStepAdmission>();
        services.TryAddSingleton<ICommandIntake<CancelOperation>, CancelIntake>();
        services.TryAddSingleton<ICommandIntake<ReplayOperation>, ReplayIntake>();
        return services
            .AddCommand<ProvisionTenant, ValidProvision, ProvisionPlan>()
            .AddCommand<AdoptTenant, ValidAdoption, AdoptPlan>()
            .AddCommand<SuspendTenant, ValidSuspension, SuspendPlan>()
            .AddCommand<ReactivateTenant, ValidReactivation, ReactivatePlan>()
            .AddCommand<DeprovisionTenant, ValidDeprovision, DeprovisionPlan>()
            .AddCommand<CancelDeprovisioning, ValidCancelDeprovisioning, CancelDeprovisioningPlan>()
            .AddCommand<RemoveTenant, RemoveTenant, RemovePlan>()
            .AddCommand<RemoveCopy, RemoveCopy, RemoveCopyPlan>()
            .AddCommand<RevertMove, ValidRevert, RevertPlan>()
            .AddCommand<MigrateTenant, ValidMigrate, MigratePlan>()
            .AddCommand<UpdateTenant, ValidUpdate, UpdatePlan>()
            .AddCommand<LinkDomains, ValidLinkDomains, LinkDomainsPlan>()
            .AddCommand<SetConfig, ValidConfig, ConfigPlan>()
            .AddCommand<BackupTenant, ValidBackup, BackupPlan>()
            .AddCommand<RestoreTenant, ValidRestore, RestorePlan>()
            .AddCommand<RemoveRestored, RemoveRestored, RemoveRestoredPlan>()
            .AddCommand<DrillBackup, DrillBackup, DrillBackupPlan>()
            .AddCommand<ExpireBackups, ValidExpiry, ExpireBackupsPlan>()
            .AddCommand<DestroyBackups, DestroyBackups, DestroyBackupsPlan>()
            .AddCommand<CopyBackup, CopyBackup, CopyBackupPlan>()
            .AddCommand<BackUpRegistry, BackUpRegistry, BackUpRegistryPlan>()
            .AddCommand<ExpireRegistryBackups, ExpireRegistryBackups, ExpireRegistryBackupsPlan>()
            .AddCommand<ExportTenant, ValidExport, ExportPlan>()
            .AddCommand<RemoveExport, RemoveExport, RemoveExportPlan>()
            .AddCommand<VerifyTenant, VerifyTenant, VerifyPlan>()
            .AddCommand<RotateCredentials, ValidRotation, RotatePlan>()
            .AddCommand<RotateMasterKey, RotateMasterKey, RotateMasterKeyPlan>()
            .AddCommand<UpgradePlace, UpgradePlace, UpgradePlan>()
            .AddCommand<RehearseUpgrade, RehearseUpgrade, RehearsalPlan>()
            .AddCommand<ScanDrift, ScanDrift, ScanDriftPlan>()
            .AddCommand<RepairDrift, ValidRepair, RepairDriftPlan>()
            .AddCommand<ReleaseQuarantined, ValidRelease, ReleaseQuarantinedPlan>()
            .AddCommand<RemoveQuarantined, QuarantinedThing, RemoveQuarantinedPlan>()
            .AddCommand<RunBatch, RunBatch, RunBatchPlan>();
    }

    /// <summary>Adds one command. May be called twice.</summary>
    public static IServiceCollection AddCommand<TCommand, TInput, TPlan>(this IServiceCollection services)
        where TCommand : class
        where TInput : class
        where TPlan : class, ICommandPlan<TCommand, TInput>
    {
        if (services.Any(s => s.ServiceType == typeof(ICommandIntake<TCommand>)))
            return services;
        services.TryAddSingleton<CommandCatalogue>();
        services.TryAddSingleton<Rejections>();
        services.TryAddSingleton<CustomWorkflows>();
        services.TryAddSingleton<FourEyesRules>();
        services.AddSingleton(new CommandEntry(TPlan.Kind, typeof(TCommand), TPlan.Queue, TPlan.Workflows) { Scheduling = TPlan.Scheduling, Removes = TPlan.Removes, ForMany = TPlan.ForMany, BoxedField = TPlan.BoxedField });
        services.AddSingleton<TPlan>();
        services.AddSingleton<ICommandIntake<TCommand>, CommandIntake<TCommand, TInput, TPlan>>();
        return services;
    }
}
