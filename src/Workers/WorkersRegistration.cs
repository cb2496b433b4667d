using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers;

public static class WorkersRegistration
{
    /// <summary>Adds the workers in <c>Saga:Workers:Run</c>, all by default. Each has its own queue.</summary>
    /// <exception cref="InvalidOperationException">A name is not a worker.</exception>
    public static IServiceCollection AddWorkers(this IServiceCollection services, IConfiguration configuration)
    {
        var named = configuration.GetSection($"{WorkersOptions.Section}:{nameof(WorkersOptions.Run)}").Get<string[]>();
        foreach (var module in named is { Length: > 0 } ? named.Select(Find) : ResourceModules.All)
        {
            module.AddSteps(services, configuration);
            // The verify step checks every resource, wherever that resource's own steps run.
            if (module is VerificationModule)
            {
                foreach (var resource in ResourceModules.All)
                    resource.AddVerifications(services, configuration);
            }

            services.AddWorkerEndpoint(configuration, module.Worker);
        }

        return services;
    }

    private static ResourceModule Find(string name) =>
        ResourceModules.All.FirstOrDefault(m => m.Worker == name) ?? throw new InvalidOperationException(
            $"Saga:Workers:Run names '{name}', which is not a worker. Known workers: {string.Join(", ", ResourceModules.All.Select(m => m.Worker))}.");
}
