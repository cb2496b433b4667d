using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Workers.Audit;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Drills;
using Saga.Workers.Backup.Expiry;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Backup.OfRegistry;
using Saga.Workers.Backup.Objects;
using Saga.Workers.Backup.Restore;
using Saga.Workers.Backup.Restore.Revival;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Servers;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Sealing;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup;

/// <summary>Backups of tenants (their rows, settings and objects, encrypted in the object store) and restores from them.</summary>
public sealed class BackupModule : ResourceModule
{
    public override string Worker => WorkerNames.Backup;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddSealing(configuration).AddDatabaseServers(configuration).AddTenantObjects(configuration);
        AddOptions(services, configuration);
        services.TryAddSingleton(new S3CallGuard(LeaseGuard.RequireAsync, connection => new LeasedStream(connection)));
        services.TryAddSingleton<S3PrefixRemoval>();
        services.AddSingleton<IBackupFiles>(s => IsS3(s) ? ActivatorUtilities.CreateInstance<S3BackupFiles>(s) : ActivatorUtilities.CreateInstance<FolderBackupFiles>(s));
        services.AddSingleton<IObjectSource>(s => IsS3(s) ? ActivatorUtilities.CreateInstance<S3ObjectSource>(s) : ActivatorUtilities.CreateInstance<FolderObjectSource>(s));
        services.AddSingleton<BackupKeys>();
        services.AddSingleton<BackupParts>();
        services.AddSingleton<BackupReader>();
        services.AddSingleton<BackupSlots>();
        services.AddSingleton<PostgresTools>();
        services.AddSingleton<PgDump>();
        services.AddSingleton<PgRestore>();
        services.AddProduct(configuration);
        services.TryAddSingleton<ProductMigrator>();
        services.TryAddSingleton<PlaceUse>();
        services.TryAddSingleton<RestoredDatabases>();
        services.AddSingleton<RestoredTrial>();
        services.AddSingleton<BackupToolsWatch>();
        services.AddHostedService(s => s.GetRequiredService<BackupToolsWatch>());
        services.AddHealthChecks().AddCheck<BackupToolsHealth>("backup-tools");
        services.AddSingleton<IStep, BeginBackupStep>();
        services.AddSingleton<IStep, BackupRowsStep>();
        services.AddSingleton<IStep, BackupSettingsStep>();
        services.AddSingleton<IStep, BackupObjectsStep>();
        services.AddSingleton<IStep, CompleteBackupStep>();
        services.AddSingleton<IStep, CheckBackupStep>();
        services.AddSingleton<IStep, CreateRestoredStep>();
        services.AddSingleton<IStep, RestoreRowsStep>();
        services.AddSingleton<IStep, VerifyRestoredStep>();
        services.AddSingleton<IStep, AnnounceRestoredStep>();
        services.AddSingleton<IStep, DropRestoredStep>();
        services.AddSingleton<BackupServerCheck>();
        services.AddSingleton<IStep, ReviveStep>();
        services.AddSingleton<IStep, RestoreObjectsStep>();
        services.AddSingleton<IStep, EndRevivalStep>();
        services.AddSingleton<IStep, BeginDrillStep>();
        services.AddSingleton<IStep, EndDrillStep>();
        services.AddSingleton<IStep, EndRehearsalStep>();
        services.AddSingleton<IStep, ExpireBackupsStep>();
        services.AddSingleton<RegistryBackupFiles>();
        services.AddAuditProof(configuration);
        services.AddSingleton<BackupCopy>();
        services.AddSingleton<IValidateOptions<BackupCopyOptions>, BackupCopyOptionsValidation>();
        services.AddSingleton<IStep, CopyBackupStep>();
        services.AddSingleton<IStep, BeginRegistryBackupStep>();
        services.AddSingleton<IStep, DumpRegistryStep>();
        services.AddSingleton<IStep, CompleteRegistryBackupStep>();
        services.AddSingleton<IStep, ExpireRegistryBackupsStep>();
        services.AddSingleton<IStep, RotateBackupKeyStep>();
        services.AddSingleton<IStep, DestroyBackupKeysStep>();
        services.AddInventory<BackupInventory, ScanBackupsStep>(configuration);
    }

    /// <summary>Adds the options, which other resources need too. May be called twice.</summary>
    internal static void AddOptions(IServiceCollection services, IConfiguration configuration)
    {
        if (services.All(s => s.ServiceType != typeof(IValidateOptions<BackupOptions>)))
        {
            services.AddOptionsWithValidateOnStart<BackupOptions>().Bind(configuration.GetSection(BackupOptions.Section)).ValidateDataAnnotations();
            services.AddOptionsWithValidateOnStart<RegistryBackupOptions>().Bind(configuration.GetSection(RegistryBackupOptions.Section)).ValidateDataAnnotations();
            services.AddOptionsWithValidateOnStart<BackupCopyOptions>().Bind(configuration.GetSection(BackupCopyOptions.Section)).ValidateDataAnnotations();
        }
    }

    private static bool IsS3(IServiceProvider services) => services.GetRequiredService<IOptions<StorageOptions>>().Value.Adapter == StorageOptions.S3Adapter;
}
