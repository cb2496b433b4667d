using Npgsql;
using Saga.Contracts.Commands;
using Saga.Registry.Intake;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Intake;

/// <summary>Accepts one kind of command, from HTTP or the bus. Thread-safe; any number may run.</summary>
public interface ICommandIntake<in TCommand>
    where TCommand : class
{
    /// <summary>
    /// Accepts or refuses the command. Tenant, operation, history, audit, idempotency key and the message that starts the saga are
    /// committed in one transaction.
    /// </summary>
    /// <param name="command">The command, validated here.</param>
    /// <param name="caller">The caller according to the token or the bus: the scope of idempotency keys.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <param name="usualKey">The idempotency key to use when the command has none.</param>
    /// <param name="messageId">The message's id, if it came over the bus.</param>
    /// <param name="wait">How the command waits for taken scopes, for doors whose commands wait although the same command over HTTP does not; null for the command's own rule.</param>
    /// <param name="claim">Of a scheduled command: it is marked as submitted in the same transaction, or nothing is written.</param>
    /// <param name="replayOf">Of a replay: the operation whose command this is. Of several at the same time, one is accepted.</param>
    /// <param name="parent">Of an item of a batch: the operation that stands for the batch. Null for the command's own rule.</param>
    /// <exception cref="PostgresException"><see cref="ScheduleStore.ClaimLost"/>: the claim was lost. Nothing was written.</exception>
    /// <exception cref="NpgsqlException">
    /// The registry is unavailable. Nothing was written, unless the connection broke during the commit. With an idempotency key the
    /// command can be sent again in either case.
    /// </exception>
    Task<IntakeOutcome> SubmitAsync(TCommand command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null);

    /// <summary>
    /// Refuses a command that could not be read. Like every rejection by <see cref="SubmitAsync"/>, it is logged, counted, written to the
    /// audit log and published.
    /// </summary>
    Task<CommandRejected> RejectAsync(OperationRejected rejection, Caller caller, CancellationToken cancellationToken, Guid? messageId = null);

    /// <summary>What <see cref="SubmitAsync"/> would do now. Writes nothing and reserves nothing.</summary>
    Task<CommandPreview> PlanAsync(TCommand command, CancellationToken cancellationToken);
}
