using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Batches;

/// <summary>Gives commands of one kind to the tenants of batches.</summary>
internal interface IBatchCommands
{
    /// <summary>Accepts or refuses the command, as a part of the batch's operation.</summary>
    Task<IntakeOutcome> SubmitAsync(JsonElement body, Caller caller, string key, ScopeWait wait, Guid parent, CancellationToken cancellationToken);

    /// <summary>What is wrong with the command for whichever tenant; empty when nothing is.</summary>
    Task<IReadOnlyList<FieldError>> CheckAsync(JsonElement body, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal sealed class BatchCommands<TCommand>(ICommandIntake<TCommand> intake) : IBatchCommands
    where TCommand : class
{
    public async Task<IntakeOutcome> SubmitAsync(JsonElement body, Caller caller, string key, ScopeWait wait, Guid parent, CancellationToken cancellationToken)
    {
        // A version that changed the command's fields may not be able to read what was prepared before.
        if (CommandReader.Read<TCommand>(body, hasKey: false, out var errors) is not { } command)
            return await intake.RejectAsync(new() { Code = RejectionCodes.Validation, Detail = CommandReader.Detail, Errors = errors }, caller, cancellationToken);
        return await intake.SubmitAsync(command, caller, cancellationToken, key, wait: wait, parent: parent);
    }

    public async Task<IReadOnlyList<FieldError>> CheckAsync(JsonElement body, CancellationToken cancellationToken)
    {
        if (CommandReader.Read<TCommand>(body, hasKey: false, out var errors) is not { } command)
            return errors;
        return (await intake.PlanAsync(command, cancellationToken)).Rejection is { Code: RejectionCodes.Validation } rejection ? rejection.Errors : [];
    }
}
