using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Cancel;

/// <summary>
/// Cancels operations. It starts no operation of its own: the accepted order goes to the operation, which decides in its own transaction.
/// Only what is certain is refused here, such as a pivot that was dispatched. No idempotency key is needed, because a second cancellation
/// of the same operation changes nothing.
/// </summary>
public sealed class CancelIntake(OperationStore operations, CancellationStore cancellations, Rejections rejections) : ICommandIntake<CancelOperation>
{
    /// <summary>The kind of command in the audit log and in metrics.</summary>
    public const string Kind = "cancel";

    public async Task<IntakeOutcome> SubmitAsync(CancelOperation command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null)
    {
        var (operation, rejection) = await CheckAsync(command, cancellationToken);
        if (rejection is not null)
            return await RejectAsync(rejection, caller, cancellationToken, messageId);
        var again = operation!.Cancellation is not null;
        if (!again)
            await cancellations.WriteAsync(operation, caller.ToString(), ReasonText.Normalize(command.Reason)!, cancellationToken);
        return new CommandAccepted(operation.Id, operation.TenantId, IsReplay: again) { Operation = operation };
    }

    public async Task<CommandRejected> RejectAsync(OperationRejected rejection, Caller caller, CancellationToken cancellationToken, Guid? messageId = null)
    {
        await rejections.RecordAsync(Kind, caller, rejection, messageId, cancellationToken);
        return new(rejection);
    }

    public async Task<CommandPreview> PlanAsync(CancelOperation command, CancellationToken cancellationToken)
    {
        var (operation, rejection) = await CheckAsync(command, cancellationToken);
        IReadOnlyList<string> undone = operation is null || rejection is not null ? [] :
            [.. operation.Steps.Where(s => s.MayHaveActed).Select(s => s.Name)];
        return new(operation?.Workflow, undone, rejection);
    }

    private async Task<(Operation? Operation, OperationRejected? Rejection)> CheckAsync(CancelOperation command, CancellationToken cancellationToken)
    {
        if (ReasonText.Normalize(command.Reason) is null)
        {
            return (null, new()
            {
                Code = RejectionCodes.Validation,
                Detail = "The command breaks a rule: see errors.",
                Errors = [new("/reason", ReasonText.Rule)],
            });
        }

        if (await operations.FindAsync(command.OperationId, cancellationToken) is not { } operation)
            return (null, new() { Code = RejectionCodes.OperationNotFound, Detail = $"No operation has the id {command.OperationId}." });
        return operation.Cancellation is null && operation.WhyNotCancellable() is { } why
            ? (operation, new() { Code = RejectionCodes.OperationNotCancellable, Detail = why, OperationId = operation.Id })
            : (operation, null);
    }
}
