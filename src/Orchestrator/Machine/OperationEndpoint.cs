using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Messaging;

namespace Saga.Orchestrator.Machine;

/// <summary>The queue of the state machine.</summary>
internal static class OperationEndpoint
{
    public static BusEndpoint Definition { get; } = new(Endpoints.Operations, Configure, Concurrency: 64);

    /// <summary>The queue of orders about operations. Orchestrators of an earlier version do not read it.</summary>
    public static BusEndpoint Orders { get; } = new(Endpoints.Orders, Configure, Concurrency: 8);

    private static void Configure(IServiceProvider provider, IReceiveEndpointConfigurator endpoint)
    {
        // Outside the unit of work: each attempt is a transaction of its own.
        endpoint.UseTransientRetry(provider);
        endpoint.StateMachineSaga(provider.GetRequiredService<OperationStateMachine>(), provider.GetRequiredService<ISagaRepository<OperationSaga>>());
    }
}
