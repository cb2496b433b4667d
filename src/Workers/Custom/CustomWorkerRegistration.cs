using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.CustomSteps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Custom;

public static class CustomWorkerRegistration
{
    /// <summary>Adds a team's own worker, which runs these steps. Needs the sections <c>Saga:Registry</c> and <c>Saga:Bus</c>.</summary>
    /// <param name="services">The services of the team's program.</param>
    /// <param name="configuration">Its configuration.</param>
    /// <param name="worker">The worker's name in the list of custom steps, such as <c>acme-accounts</c>. Its queues are named after it.</param>
    /// <param name="add">Adds the steps.</param>
    /// <exception cref="InvalidOperationException">The name is not one for a team's worker.</exception>
    public static IServiceCollection AddCustomWorker(this IServiceCollection services, IConfiguration configuration, string worker, Action<CustomSteps> add)
    {
        if (!CustomNames.IsWorker(worker))
            throw new InvalidOperationException($"The worker's name '{worker}' {CustomNames.WorkerRule}.");
        add(new CustomSteps(services));
        return services.AddWorkerEndpoint(configuration, worker);
    }
}
