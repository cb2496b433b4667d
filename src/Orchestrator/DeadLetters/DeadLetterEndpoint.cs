using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Messaging;

namespace Saga.Orchestrator.DeadLetters;

/// <summary>The queue of messages that could not be consumed. It has no retry of its own: the bus never gives up on these.</summary>
internal static class DeadLetterEndpoint
{
    public static BusEndpoint Definition { get; } = new(
        Endpoints.DeadLetters, (provider, endpoint) => endpoint.Instance(provider.GetRequiredService<DeadLetterConsumer>()), Concurrency: 8);
}
