using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Messaging;
using Saga.Registry;
using Saga.Registry.Processes;

namespace Saga.Workers.Runtime;

public static class WorkerRuntimeRegistration
{
    /// <summary>What runs the registered <see cref="IStep"/>s. May be called once for each worker.</summary>
    public static IServiceCollection AddWorkerEndpoint(this IServiceCollection services, IConfiguration configuration, string worker)
    {
        if (services.All(s => s.ServiceType != typeof(StepConsumer)))
        {
            services.AddRegistry(configuration);
            services.AddOptions<WorkersOptions>().Bind(configuration.GetSection(WorkersOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
            services.AddSingleton<CircuitBreakers>();
            services.AddHealthChecks().AddCheck<CircuitBreakersHealth>("outside-systems");
            services.AddSingleton<LeaseManager>();
            services.AddHostedService(s => s.GetRequiredService<LeaseManager>());
            services.AddSingleton<StepConsumer>();
            services.AddSingleton(s => new ProcessPart { Steps = [.. s.GetServices<IStep>().Select(step => step.Name)] });
            services.AddSagaBus(configuration);
        }

        var concurrency = (configuration.GetSection(WorkersOptions.Section).Get<WorkersOptions>() ?? new WorkersOptions()).Concurrency;
        services.AddSingleton(new BusEndpoint(
            Endpoints.Worker(worker), (provider, endpoint) => endpoint.Instance(provider.GetRequiredService<StepConsumer>()), concurrency));
        return services;
    }
}
