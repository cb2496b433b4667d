using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Lifecycle.Provision;

namespace Saga.Lifecycle.Intake;

public static class IntakeRegistration
{
    /// <summary>Takes commands; needs the registry (<see cref="RegistryRegistration.AddRegistry"/>). May be called twice.</summary>
    public static IServiceCollection AddIntake(this IServiceCollection services)
    {
        services.TryAddSingleton<ProvisionIntake>();
        return services;
    }
}
