using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Messaging.Pausing;

namespace Saga.Messaging;

public static class BusRetry
{
    /// <summary>
    /// Tries a message again when the error may pass by itself, for about a minute. Another error is final, and the message becomes
    /// a dead letter; one that says that the <see cref="Prerequisite"/> is away costs no try: the message waits for it.
    /// </summary>
    public static void UseTransientRetry(this IReceiveEndpointConfigurator endpoint, IServiceProvider provider)
    {
        var prerequisite = provider.GetRequiredService<Prerequisite>();
        endpoint.UseMessageRetry(r =>
        {
            r.Handle<Exception>(error => prerequisite.IsTransient(error) && !prerequisite.IsAway(error));
            r.Exponential(12, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(200));
        });
    }
}
