using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Placements;
using Saga.Tenancy.Configuration;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Saga.Workers.Verification;

namespace Saga.Workers.Configuration;

/// <summary>The tenant's settings and features, stored in the registry.</summary>
public sealed class ConfigurationModule : ResourceModule
{
    public override string Worker => WorkerNames.Configuration;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddSealing(configuration);
        services.AddSingleton<PlanSettings>();
        services.AddSingleton<IStep, ConfigurationStep>();
        services.TryAddSingleton<PlacementStore>();
        services.AddSingleton<PlanChanger>();
        services.AddSingleton<IStep, ChangePlanStep>();
        services.AddSingleton<IStep, UpdateConfigurationStep>();
        services.AddSingleton<IStep, RestorePlanStep>();
        services.AddSingleton<IStep, SealConfigurationStep>();
        services.AddSingleton<IStep, ResetConfigurationStep>();
        services.AddSingleton<IStep, AnnouncePlanStep>();
        services.AddOptionsWithValidateOnStart<RotationOptions>().Bind(configuration.GetSection(RotationOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<IStep, SwitchCredentialsStep>();
        services.TryAddSingleton<BackupKeys>();
        services.AddSingleton<IStep, RewrapKeysStep>();
    }

    public override void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddRuntimeReads(configuration).AddTenantSettings(configuration);
        services.AddSingleton<IVerification, ConfigurationVerification>();
    }
}
