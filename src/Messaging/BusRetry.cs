using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Messaging.Pausing;

namespace Saga.Messaging;

public static class BusRetry
{
    /// <summary>
    /// Retries a message for about a minute if the error may be transient. Any other error is final, and the message becomes a dead
    /// letter. If the <see cref="Prerequisite"/> is unavailable, the message waits for it, and this costs no try.
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
