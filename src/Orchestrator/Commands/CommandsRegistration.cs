using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Contracts;
using Saga.Lifecycle.Intake;
using Saga.Messaging;

namespace Saga.Orchestrator.Commands;

internal static class CommandsRegistration
{
    /// <summary>Adds a consumer for the queue of every command that was added so far.</summary>
    public static IServiceCollection AddCommandConsumers(this IServiceCollection services)
    {
        services.AddSingleton(typeof(CommandConsumer<>));
        foreach (var entry in CommandCatalogue.Of(services).Entries)
            services.AddSingleton(CommandEndpoint.Of(entry.Queue, entry.Command));
        services.AddSingleton(CommandEndpoint.Of(Endpoints.Cancellations, typeof(CancelOperation)));
        services.AddSingleton(CommandEndpoint.Of(Endpoints.Replays, typeof(ReplayOperation)));
        return services;
    }
}
