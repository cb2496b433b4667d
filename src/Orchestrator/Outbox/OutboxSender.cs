using System.Diagnostics;
using MassTransit;
using Saga.Messaging;
using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>Sends one outbox message and waits for the broker's confirmation.</summary>
/// <param name="bus">The bus, resolved lazily because creating it creates the saga's repository, which uses this sender.</param>
/// <param name="queues">Sends to queues.</param>
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
