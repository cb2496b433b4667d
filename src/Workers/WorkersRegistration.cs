using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers;

public static class WorkersRegistration
{
    /// <summary>The workers that <c>Saga:Workers:Run</c> names, all by default; each reads a queue of its own.</summary>
    /// <exception cref="InvalidOperationException">A name is not a worker's.</exception>
    public static IServiceCollection AddWorkers(this IServiceCollection services, IConfiguration configuration)
    {
        var named = configuration.GetSection($"{WorkersOptions.Section}:{nameof(WorkersOptions.Run)}").Get<string[]>();
        foreach (var module in named is { Length: > 0 } ? named.Select(Find) : ResourceModules.All)
        {
            module.AddSteps(services, configuration);
            // Whoever verifies proves every resource, wherever its own steps run.
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
            $"Saga:Workers:Run names '{name}', which is not a worker. Known are: {string.Join(", ", ResourceModules.All.Select(m => m.Worker))}.");
}
