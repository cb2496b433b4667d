using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Messaging;

namespace Saga.Workers.Runtime;

/// <summary>The queues of one worker. Compensations have their own, so that they do not wait behind forward work.</summary>
internal static class WorkerEndpoint
{
    public static BusEndpoint Forward(string worker, WorkersOptions options) => Of(worker, Endpoints.Worker(worker), options.Concurrency);

    public static BusEndpoint Back(string worker, WorkersOptions options) => Of(worker, Endpoints.WorkerUndo(worker), options.CompensationConcurrency);

    private static BusEndpoint Of(string worker, string queue, int slots) => new(
        queue, (provider, endpoint) => endpoint.Instance(ActivatorUtilities.CreateInstance<StepConsumer>(provider, worker, new WorkSlots(slots))), slots)
    {
        // So many wait here at most, beside those that run, whose deliveries are acknowledged. Other processes can take the rest.
        Ahead = slots * 2,
    };
}
