using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Messaging;

namespace Saga.Orchestrator.Commands;

/// <summary>The queue of one command.</summary>
internal static class CommandEndpoint
{
    public static BusEndpoint Of(string queue, Type command) => new(queue, (provider, endpoint) =>
    {
        endpoint.UseTransientRetry(provider);
        endpoint.Consumer(typeof(CommandConsumer<>).MakeGenericType(command), provider.GetRequiredService);
    })
    {
        // A sender that knows only the queue's name sends the command that the queue is for.
        Untyped = command,
    };
}
