using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Schedule;

/// <summary>Submits scheduled commands of one kind through the one intake.</summary>
public interface IScheduledSubmitter
{
    /// <summary>
    /// Validates the command again and accepts or refuses it, as caller <c>schedule:…</c>. If a scope is taken, its operation waits for it until
    /// the command expires. The command is marked as submitted in the transaction that accepts it.
    /// </summary>
    /// <exception cref="Npgsql.PostgresException"><see cref="ScheduleStore.ClaimLost"/>: it has ended meanwhile. Nothing was written.</exception>
    Task<IntakeOutcome> SubmitAsync(TakenCommand taken, CancellationToken cancellationToken);

    /// <summary>Records that the command is refused without being submitted, like every refusal of the intake.</summary>
    Task<CommandRejected> RejectAsync(TakenCommand taken, OperationRejected rejection, CancellationToken cancellationToken);
}

/// <inheritdoc/>
public sealed class ScheduledSubmitter<TCommand>(ICommandIntake<TCommand> intake) : IScheduledSubmitter
    where TCommand : class
{
    public async Task<IntakeOutcome> SubmitAsync(TakenCommand taken, CancellationToken cancellationToken)
    {
        AuditOrigin.Enter(AuditOrigin.Schedule);
        var caller = Caller.OfSchedule(taken.Command.Id);
        // A version that changed the command's fields may not be able to read what was posted before.
        if (CommandReader.Read<TCommand>(taken.Command.Command, hasKey: false, out var errors) is not { } command)
            return await intake.RejectAsync(new() { Code = RejectionCodes.Validation, Detail = CommandReader.Detail, Errors = errors }, caller, cancellationToken);
        return await intake.SubmitAsync(
            command, caller, cancellationToken, usualKey: $"scheduled-{taken.Command.Id:d}", wait: new ScopeWait(taken.Command.ExpiresAt), claim: taken.Claim);
    }

    public async Task<CommandRejected> RejectAsync(TakenCommand taken, OperationRejected rejection, CancellationToken cancellationToken)
    {
        AuditOrigin.Enter(AuditOrigin.Schedule);
        return await intake.RejectAsync(rejection, Caller.OfSchedule(taken.Command.Id), cancellationToken);
    }
}
