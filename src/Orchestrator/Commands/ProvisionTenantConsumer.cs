using MassTransit;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;

namespace Saga.Orchestrator.Commands;

/// <summary>
/// Takes the command from the bus and answers it, if the sender asked for an answer. Who may send is the broker's to
/// say. Delivered twice it is one operation: without an idempotency key the message's id is one.
/// </summary>
internal sealed class ProvisionTenantConsumer(ProvisionIntake intake) : IConsumer<ProvisionTenant>
{
    private const string Caller = "bus";

    public async Task Consume(ConsumeContext<ProvisionTenant> context)
    {
        var command = context.Message.IdempotencyKey is null
            ? context.Message with { IdempotencyKey = $"message-{context.MessageId ?? NewId.NextGuid():d}" }
            : context.Message;
        var outcome = await intake.SubmitAsync(command, Caller, context.CancellationToken);
        if (context.ResponseAddress is null)
            return;
        if (outcome is CommandAccepted accepted)
            await context.RespondAsync(accepted.ToMessage());
        else
            await context.RespondAsync(((CommandRejected)outcome).Rejection);
    }
}
