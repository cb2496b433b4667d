using Npgsql;

namespace Saga.Lifecycle.Intake;

/// <summary>Takes one kind of command, from whichever door. Thread-safe; any number may run.</summary>
public interface ICommandIntake<in TCommand>
    where TCommand : class
{
    /// <summary>
    /// Accepts the command or refuses it. Tenant, operation, history, audit, idempotency key and the message that starts the saga
    /// commit together, or nothing does.
    /// </summary>
    /// <param name="command">Checked here.</param>
    /// <param name="caller">Who asks, as the token or the bus names them: the scope of idempotency keys.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <param name="usualKey">The idempotency key of a command that does not say one.</param>
    /// <exception cref="NpgsqlException">
    /// The registry is unavailable. Nothing was written, unless the connection broke during the commit: with an
    /// idempotency key the command can be sent again in either case.
    /// </exception>
    Task<IntakeOutcome> SubmitAsync(TCommand command, string caller, CancellationToken cancellationToken, string? usualKey = null);

    /// <summary>What <see cref="SubmitAsync"/> would do now. Writes nothing and reserves nothing.</summary>
    Task<CommandPreview> PlanAsync(TCommand command, CancellationToken cancellationToken);
}
