using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Lifecycle.Intake;
using Saga.Messaging;

namespace Saga.Orchestrator.Commands;

internal static class CommandsRegistration
{
    /// <summary>Reads the queue of every command that has been added so far.</summary>
    public static IServiceCollection AddCommandConsumers(this IServiceCollection services)
    {
        services.AddSingleton(typeof(CommandConsumer<>));
        foreach (var entry in CommandCatalogue.Of(services).Entries)
        {
            services.AddSingleton(new BusEndpoint(entry.Queue, (provider, endpoint) =>
            {
                endpoint.UseTransientRetry(provider);
                endpoint.Consumer(typeof(CommandConsumer<>).MakeGenericType(entry.Command), provider.GetRequiredService);
            })
            {
                // A sender that knows nothing but the queue's name sends the command that the queue is for.
                Untyped = entry.Command,
            });
        }

        return services;
    }
}
