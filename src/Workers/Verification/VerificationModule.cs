using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>Verifies that a tenant works. The resources' modules define the verifications: see <see cref="ResourceModule.AddVerifications"/>.</summary>
public sealed class VerificationModule : ResourceModule
{
    public override string Worker => WorkerNames.Verification;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddSingleton<Verifications>();
        services.AddSingleton<VerifyStep>();
        services.AddSingleton<IStep>(s => s.GetRequiredService<VerifyStep>());
        services.AddSingleton<IStep, VerifyAdoptedStep>();
        services.AddSingleton<IStep, CheckTenantStep>();
    }
}
