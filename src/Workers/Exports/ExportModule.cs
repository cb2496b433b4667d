using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Connections;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Objects;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Exports;

/// <summary>Exports of tenants' data: zip files in the object store, which expire.</summary>
public sealed class ExportModule : ResourceModule
{
    public override string Worker => WorkerNames.Export;

    /// <summary>Needs neither an administrator's connection nor a master key: rows are read with the tenant's own login.</summary>
    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddExportFiles(configuration).AddRuntimeReads(configuration).AddTenantConnections(configuration).AddConnectionBudgets(configuration).AddProduct(configuration).AddDirectory(configuration);
        services.TryAddSingleton<IObjectSource>(s => s.GetRequiredService<IOptions<StorageOptions>>().Value.Adapter == StorageOptions.S3Adapter
            ? ActivatorUtilities.CreateInstance<S3ObjectSource>(s)
            : ActivatorUtilities.CreateInstance<FolderObjectSource>(s));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServerBudgets, VerifiedServerBudgets>());
        services.AddSingleton<ExportUsers>();
        services.AddSingleton<ExportTables>();
        services.AddSingleton<ExportObjects>();
        services.AddSingleton<ExportRegistryData>();
        services.AddSingleton<ExportWriter>();
        services.AddSingleton<IStep, BeginExportStep>();
        services.AddSingleton<IStep, WriteExportStep>();
        services.AddSingleton<IStep, RemoveExportStep>();
    }
}
