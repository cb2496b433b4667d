using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Contracts.Steps;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Identity;

/// <summary>The tenant's organisation and its first administrator, in the directory in <c>Saga:Identity:Adapter</c>.</summary>
public sealed class IdentityModule : ResourceModule
{
    public override string Worker => WorkerNames.Identity;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddDirectory(configuration);
        services.AddSingleton<IStep, IdentityStep>();
        services.AddSingleton<IStep, AdministratorStep>();
        services.AddSingleton<IStep, FindMembersStep>();
        services.AddSingleton<IStep, AddMembersStep>();
        services.AddSingleton<IStep, DisableOrganizationStep>();
        services.AddSingleton<IStep, EnableOrganizationStep>();
        services.AddSingleton<IStep, UpdateOrganizationStep>();
        services.AddSingleton<IStep, ChangeAdministratorStep>();
        services.AddSingleton<IStep, RetireAdministratorStep>();
        services.AddSingleton<IStep, LinkDomainsStep>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IStep, RemoveOrganizationStep>();
        services.AddInventory<IdentityInventory, ScanOrganizationsStep>(configuration);
        services.AddRepair<IdentityRepair, RepairOrganizationsStep, ReleaseOrganizationsStep, RemoveQuarantinedOrganizationsStep>();
    }

    public override void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
        services.AddDirectory(configuration);
        services.AddSingleton<IVerification, IdentityVerification>();
    }
}
