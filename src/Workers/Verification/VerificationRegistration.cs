using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Verification;

public static class VerificationRegistration
{
    /// <summary>
    /// The verify step, with the verifications of objects, cache and configuration; the workers of database and
    /// identity add their own. Needs no master key: it reads what a runtime reads.
    /// </summary>
    public static IServiceCollection AddVerificationWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddRuntimeReads(configuration);
        services.AddTenantObjects(configuration);
        services.TryAddSingleton(new S3CallGuard(LeaseGuard.RequireAsync));
        services.AddTenantCache(configuration);
        services.AddTenantSettings(configuration);
        services.AddSingleton<IVerification, ObjectsVerification>();
        services.AddSingleton<IVerification, CacheVerification>();
        services.AddSingleton<IVerification, ConfigurationVerification>();
        services.AddSingleton<IStep, VerifyStep>();
        return services;
    }
}
