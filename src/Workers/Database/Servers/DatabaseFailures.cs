using System.Net.Sockets;
using Npgsql;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>Says in the words of a step what an error of a tenants' database server means.</summary>
internal static class DatabaseFailures
{
    /// <summary>The name for circuits and failures, such as <c>postgresql:eu-1</c>.</summary>
    public static string System(string server) => $"postgresql:{server}";

    public static bool Explains(Exception error) => error is NpgsqlException or SocketException or TimeoutException or IOException;

    /// <param name="error">One that <see cref="Explains"/> accepts.</param>
    public static StepFailureException Translate(string server, Exception error) => error switch
    {
        PostgresException e => Translate(server, e),
        NpgsqlException { InnerException: TimeoutException } e when e.Message.Contains("pool", StringComparison.Ordinal) => StepFailureException.Transient(
            "postgresql-busy", $"No connection to database server '{server}' became free in time.",
            "Nothing, unless it lasts: then run fewer database steps at once.", cause: e),
        _ => Unavailable(server, error.Message, error),
    };

    private static StepFailureException Translate(string server, PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.DiskFull or PostgresErrorCodes.OutOfMemory
            or ['0', '8', ..] => Unavailable(server, error.MessageText, error),
        // Somebody else changes the same thing just now, or changed it since it was looked at.
        PostgresErrorCodes.ObjectInUse or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation
            or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.QueryCanceled => Concurrent(server, error),
        PostgresErrorCodes.InternalError when error.MessageText.Contains("concurrently", StringComparison.Ordinal) => Concurrent(server, error),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => StepFailureException.Permanent(
            "postgresql-refused", $"Database server '{server}' refused the sign-in: {error.MessageText}.",
            $"Set Saga:Databases:Servers:{server}:ConnectionString to a superuser that may sign in.", System(server), error),
        PostgresErrorCodes.InsufficientPrivilege => StepFailureException.Permanent(
            "postgresql-privilege", $"Database server '{server}' refused: {error.MessageText}.",
            $"The user of Saga:Databases:Servers:{server}:ConnectionString must be a superuser.", System(server), error),
        _ => StepFailureException.Permanent(
            "postgresql-" + error.SqlState, $"Database server '{server}' answered {error.SqlState}: {error.MessageText}.",
            "Look the SQLSTATE up in PostgreSQL's Appendix A, mend the cause, and replay the operation.", System(server), error),
    };

    private static StepFailureException Unavailable(string server, string message, Exception cause) => StepFailureException.Transient(
        "postgresql-unavailable", $"Database server '{server}' is unavailable: {message}",
        "Bring the server back; the step goes on by itself.", System(server), cause);

    private static StepFailureException Concurrent(string server, PostgresException cause) => StepFailureException.Transient(
        "postgresql-concurrent", $"Database server '{server}' answered {cause.SqlState}: {cause.MessageText}.", cause: cause);
}
