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
                endpoint.UseMessageRetry(r => r.Exponential(12, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(200)));
                endpoint.Consumer(typeof(CommandConsumer<>).MakeGenericType(entry.Command), provider.GetRequiredService);
            }));
        }

        return services;
    }
}
