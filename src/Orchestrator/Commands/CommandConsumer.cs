using MassTransit;
using Saga.Lifecycle.Intake;

namespace Saga.Orchestrator.Commands;

/// <summary>
/// Connects the bus to the intake. It submits a command and replies if the sender asked for a reply. The broker controls who may
/// send. A command that is delivered twice is one operation, because the message's id serves as idempotency key if there is none.
/// </summary>
internal sealed class CommandConsumer<TCommand>(ICommandIntake<TCommand> intake) : IConsumer<TCommand>
    where TCommand : class
{
    public async Task Consume(ConsumeContext<TCommand> context)
    {
        var outcome = await intake.SubmitAsync(
            context.Message, Caller.Bus, context.CancellationToken, usualKey: $"message-{context.MessageId ?? NewId.NextGuid():d}");
        if (context.ResponseAddress is null)
            return;
        if (outcome is CommandAccepted accepted)
            await context.RespondAsync(accepted.ToMessage());
        else
            await context.RespondAsync(((CommandRejected)outcome).Rejection);
    }
}
