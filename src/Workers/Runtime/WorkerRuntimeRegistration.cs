using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Messaging;
using Saga.Registry;
using Saga.Registry.Processes;
using Saga.Workers.Runtime.Circuits;
using Saga.Workers.Runtime.Leases;

namespace Saga.Workers.Runtime;

public static class WorkerRuntimeRegistration
{
    /// <summary>Adds the endpoint that runs a worker's registered <see cref="IStep"/>s. Call it once for each worker.</summary>
    public static IServiceCollection AddWorkerEndpoint(this IServiceCollection services, IConfiguration configuration, string worker)
    {
        if (services.All(s => s.ServiceType != typeof(LeaseManager)))
        {
            services.AddRegistry(configuration);
            services.AddOptionsWithValidateOnStart<WorkersOptions>().Bind(configuration.GetSection(WorkersOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton<CircuitBreakers>();
            services.AddHealthChecks().AddCheck<CircuitBreakersHealth>("external-systems");
            services.AddSingleton<LeaseManager>();
            services.AddHostedService(s => s.GetRequiredService<LeaseManager>());
            services.AddSingleton<WorkUnderWay>();
            services.AddHostedService(s => s.GetRequiredService<WorkUnderWay>());
            services.AddSingleton(s => new ProcessPart { Steps = [.. s.GetServices<IStep>().Select(step => step.Name)] });
            services.AddSagaBus(configuration);
        }

        var options = configuration.GetSection(WorkersOptions.Section).Get<WorkersOptions>() ?? new WorkersOptions();
        services.AddSingleton(WorkerEndpoint.Forward(worker, options));
        services.AddSingleton(WorkerEndpoint.Back(worker, options));
        return services;
    }
}
