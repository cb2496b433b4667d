using MassTransit;
using Saga.Lifecycle.Intake;

namespace Saga.Orchestrator.Commands;

/// <summary>
/// The door of the bus to the intake. Takes a command and answers it, if the sender asked for an answer. Who may send is the
/// broker's to say. Delivered twice it is one operation: without an idempotency key the message's id is one.
/// </summary>
internal sealed class CommandConsumer<TCommand>(ICommandIntake<TCommand> intake) : IConsumer<TCommand>
    where TCommand : class
{
    private const string Caller = "bus";

    public async Task Consume(ConsumeContext<TCommand> context)
    {
        var outcome = await intake.SubmitAsync(
            context.Message, Caller, context.CancellationToken, usualKey: $"message-{context.MessageId ?? NewId.NextGuid():d}");
        if (context.ResponseAddress is null)
            return;
        if (outcome is CommandAccepted accepted)
            await context.RespondAsync(accepted.ToMessage());
        else
            await context.RespondAsync(((CommandRejected)outcome).Rejection);
    }
}
