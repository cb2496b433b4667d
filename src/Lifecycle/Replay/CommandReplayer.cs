using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Intake;

namespace Saga.Lifecycle.Replay;

/// <summary>Runs commands of one kind again, through the one intake.</summary>
internal interface ICommandReplayer
{
    /// <summary>Validates the command again and accepts or refuses it, as the replay of an operation.</summary>
    Task<IntakeOutcome> SubmitAsync(JsonElement command, ReplayedOperation of, Caller caller, string? key, Guid? messageId, Guid? parent, CancellationToken cancellationToken);

    /// <summary>What <see cref="SubmitAsync"/> would do now. Writes nothing.</summary>
    Task<CommandPreview> PlanAsync(JsonElement command, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal sealed class CommandReplayer<TCommand>(ICommandIntake<TCommand> intake) : ICommandReplayer
    where TCommand : class
{
    public async Task<IntakeOutcome> SubmitAsync(JsonElement command, ReplayedOperation of, Caller caller, string? key, Guid? messageId, Guid? parent, CancellationToken cancellationToken)
    {
        if (Read(command, out var unreadable) is not { } read)
            return await intake.RejectAsync(unreadable, caller, cancellationToken, messageId);
        return await intake.SubmitAsync(read, caller, cancellationToken, key, messageId, replayOf: of, parent: parent) switch
        {
            CommandRejected { Rejection: var rejection } => new CommandRejected(OfInput(rejection)),
            var outcome => outcome,
        };
    }

    public async Task<CommandPreview> PlanAsync(JsonElement command, CancellationToken cancellationToken)
    {
        if (Read(command, out var unreadable) is not { } read)
            return new(null, null, unreadable);
        var preview = await intake.PlanAsync(read, cancellationToken);
        return preview.Rejection is { } rejection ? preview with { Rejection = OfInput(rejection) } : preview;
    }

    // A version that changed the command's fields may not be able to read what was accepted before: the patch can then fix it.
    private static TCommand? Read(JsonElement command, out OperationRejected unreadable)
    {
        var read = CommandReader.Read<TCommand>(command, hasKey: false, out var errors);
        unreadable = OfInput(new() { Code = RejectionCodes.Validation, Detail = CommandReader.Detail, Errors = errors });
        return read;
    }

    // The fields of the command are in the order's input.
    private static OperationRejected OfInput(OperationRejected rejection) =>
        rejection with { Errors = [.. rejection.Errors.Select(e => new FieldError("/input" + e.Pointer, e.Detail))] };
}
