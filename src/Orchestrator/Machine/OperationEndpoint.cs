using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Messaging;

namespace Saga.Orchestrator.Machine;

/// <summary>The queue of the state machine.</summary>
internal static class OperationEndpoint
{
    public static BusEndpoint Definition { get; } = new(Endpoints.Operations, Configure, Concurrency: 64);

    private static void Configure(IServiceProvider provider, IReceiveEndpointConfigurator endpoint)
    {
        // Outside the unit of work: each attempt is a transaction of its own.
        endpoint.UseTransientRetry(provider);
        endpoint.StateMachineSaga(provider.GetRequiredService<OperationStateMachine>(), provider.GetRequiredService<ISagaRepository<OperationSaga>>());
    }
}
