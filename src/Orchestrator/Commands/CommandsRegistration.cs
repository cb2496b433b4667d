using Microsoft.Extensions.DependencyInjection;
using Saga.Lifecycle.Intake;

namespace Saga.Orchestrator.Commands;

internal static class CommandsRegistration
{
    /// <summary>Reads the queue of every command that has been added so far.</summary>
    public static IServiceCollection AddCommandConsumers(this IServiceCollection services)
    {
        services.AddSingleton(typeof(CommandConsumer<>));
        foreach (var entry in CommandCatalogue.Of(services).Entries)
            services.AddSingleton(CommandEndpoint.Of(entry.Queue, entry.Command));
        return services;
    }
}
