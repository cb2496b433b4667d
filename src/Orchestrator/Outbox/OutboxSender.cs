using System.Diagnostics;
using MassTransit;
using Saga.Messaging;
using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>Puts one outbox message on the bus and waits for the broker's word that it has it.</summary>
/// <param name="bus">The bus, once it is made: making it makes the saga's repository, which sends by this.</param>
/// <param name="addresses">Where queues are sent to.</param>
internal sealed class OutboxSender(Lazy<IBus> bus, QueueSender queues) : IOutboxSender
{
    public async Task SendAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        using var activity = OrchestratorTelemetry.Source.StartActivity(OrchestratorTelemetry.Publish, ActivityKind.Internal, message.TraceParent);
        activity?.SetTag("saga.message", message.Message.GetType().Name);
        activity?.SetTag("saga.step", (message.Message as Contracts.Steps.StepCommand)?.Step);
        if (message.Queue is null)
        {
            await bus.Value.Publish(message.Message, message.Message.GetType(), Pipe.Execute<PublishContext>(c => c.MessageId = message.Id), cancellationToken);
            return;
        }

        await queues.SendAsync(message.Queue, message.Message, message.Id, cancellationToken);
    }
}
