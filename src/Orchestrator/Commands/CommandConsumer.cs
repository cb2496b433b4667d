using MassTransit;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Messaging;
using Saga.Registry.Audit;

namespace Saga.Orchestrator.Commands;

/// <summary>
/// Connects the bus to the intake. It reads a command as strictly as HTTP does, submits it, and replies if the sender asked for a reply.
/// The broker controls who may send. A command that is delivered twice is one operation, because the message's id serves as idempotency
/// key if there is none.
/// </summary>
internal sealed class CommandConsumer<TCommand>(ICommandIntake<TCommand> intake) : IConsumer<TCommand>
    where TCommand : class
{
    public async Task Consume(ConsumeContext<TCommand> context)
    {
        AuditOrigin.Enter(AuditOrigin.Bus);
        var outcome = Read(context, out var unreadable) is { } command
            ? await intake.SubmitAsync(command, Caller.Bus, context.CancellationToken, $"message-{context.MessageId:d}", context.MessageId)
            : await intake.RejectAsync(unreadable!, Caller.Bus, context.CancellationToken, context.MessageId);
        if (context.ResponseAddress is null)
            return;
        if (outcome is CommandAccepted accepted)
            await context.RespondAsync(accepted.ToMessage());
        else
            await context.RespondAsync(((CommandRejected)outcome).Rejection);
    }

    private static TCommand? Read(ConsumeContext<TCommand> context, out OperationRejected? rejection)
    {
        rejection = null;
        if (context.MessageId is null)
        {
            // Each delivery would be an operation of its own.
            rejection = new() { Code = RejectionCodes.MessageIdMissing, Detail = "The message has no id. Set AMQP's message_id to a UUID." };
            return null;
        }

        // The deserializer skips members that it does not know, so a misspelt one would be taken for an absent one.
        var body = ReceivedBody.Of(context);
        if (body.Length > CommandJson.MaxBytes)
        {
            rejection = new() { Code = RejectionCodes.BodyTooLarge, Detail = $"At most {CommandJson.MaxBytes / 1024} KiB are accepted." };
            return null;
        }

        if (!CommandJson.TryParse(body, out var document, out var error))
        {
            rejection = new() { Code = RejectionCodes.MalformedJson, Detail = error };
            return null;
        }

        using (document)
        {
            var command = CommandReader.Read<TCommand>(document.RootElement, hasKey: true, out var errors);
            if (command is null)
                rejection = new() { Code = RejectionCodes.Validation, Detail = CommandReader.Detail, Errors = errors };
            return command;
        }
    }
}
