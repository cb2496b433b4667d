using Npgsql;
using Saga.Contracts.Failures;
using Saga.Registry.Connections;
using Saga.Workers.Runtime;
using System.Net.Sockets;

namespace Saga.Workers.Database.Servers;

/// <summary>Translates errors of the tenants' database servers into step failures.</summary>
internal static class DatabaseFailures
{
    public const string TooOldCode = "postgresql-too-old";
    public const string InUseCode = "postgresql-in-use";

    /// <summary>The system name for circuit breakers and failures, such as <c>postgresql:eu-1</c>.</summary>
    public static string System(string server) => $"postgresql:{server}";

    public static bool Explains(Exception error) => error is NpgsqlException or SocketException or TimeoutException or IOException;

    /// <param name="error">An error that <see cref="Explains"/> accepts.</param>
    public static StepFailureException Translate(string server, Exception error) => error switch
    {
        PostgresException e => Translate(server, e),
        NpgsqlException e when Failures.OfNpgsql(e) == FailureKind.Overload => Busy(server, $"No connection to database server '{server}' became free in time.", e),
        _ => Unavailable(server, error.Message, error),
    };

    /// <summary>This process has used up its budget for the server.</summary>
    public static StepFailureException NoConnectionFree(string server, TimeoutException error) =>
        Busy(server, $"Database server '{server}': {error.Message}", error);

    /// <summary>
    /// A database cannot be dropped while it is in use by what this process may not end. Nobody's attempts are used up: a monitoring agent's
    /// or an administrator's session will end.
    /// </summary>
    /// <param name="sessions">The sessions in it, in words.</param>
    public static StepFailureException InUse(string server, string database, IReadOnlyList<string> sessions, PostgresException cause) => StepFailureException.Overload(
        InUseCode,
        $"Database '{database}' on server '{server}' cannot be dropped: {cause.MessageText}. Sessions in it: {(sessions.Count == 0 ? "none now" : string.Join(", ", sessions))}.",
        System(server), $"Nothing, unless it lasts. Then end the sessions in database '{database}': the workers may not end those of superusers.", cause: cause);

    /// <summary>The server's version is not supported.</summary>
    /// <param name="refusal">Why, in words for the operator.</param>
    public static StepFailureException TooOld(string server, string refusal) => StepFailureException.Permanent(
        TooOldCode, refusal, $"Upgrade database server '{server}' to PostgreSQL {SupportedPostgres.Oldest} or newer, then replay the operation.", System(server));

    private static StepFailureException Translate(string server, PostgresException error) => FailureKinds.OfSqlState(error.SqlState, error.InvariantSeverity) switch
    {
        // The server answers, so its circuit stays closed. Nobody's attempts are used up either: a tenant's login may have taken the lock.
        _ when error.SqlState == PostgresErrorCodes.LockNotAvailable => Locked(server, error),
        FailureKind.Outage => Unavailable(server, error.MessageText, error),
        FailureKind.Overload => Busy(server, $"Database server '{server}' is overloaded: {error.MessageText}.", error),
        FailureKind.Transient => Concurrent(server, error),
        _ => Refused(server, error),
    };

    private static StepFailureException Refused(string server, PostgresException error) => error.SqlState switch
    {
        // Permanent elsewhere. Here names are looked up before they are created or used, so another session has created or taken it in between.
        PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateObject
            or PostgresErrorCodes.InvalidCatalogName => Concurrent(server, error),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => StepFailureException.Permanent(
            "postgresql-refused", $"Database server '{server}' refused the sign-in: {error.MessageText}.",
            $"Set Saga:Databases:Servers:{server}:ConnectionString to the provisioner that 'Saga.Host prepare-server' creates, with its password.", System(server), error),
        PostgresErrorCodes.InsufficientPrivilege => StepFailureException.Permanent(
            "postgresql-privilege", $"Database server '{server}' refused: {error.MessageText}.",
            $"Run 'Saga.Host prepare-server' for the user of Saga:Databases:Servers:{server}:ConnectionString, then replay the operation.", System(server), error),
        _ => StepFailureException.Permanent(
            "postgresql-" + error.SqlState, $"Database server '{server}' answered {error.SqlState}: {error.MessageText}.",
            "Look up the SQLSTATE in PostgreSQL's Appendix A, fix the cause, then replay the operation.", System(server), error),
    };

    private static StepFailureException Unavailable(string server, string message, Exception cause) => StepFailureException.Outage(
        "postgresql-unavailable", $"Database server '{server}' is unavailable: {message}", System(server),
        "Bring the server back; the step then continues by itself.", cause);

    private static StepFailureException Busy(string server, string message, Exception cause) => StepFailureException.Overload(
        "postgresql-busy", message, System(server), "Nothing, unless it lasts. Then allow more connections on the server and raise Saga:Databases:MaxConnectionsPerServer.",
        cause: cause);

    private static StepFailureException Locked(string server, PostgresException cause) => StepFailureException.Overload(
        "postgresql-locked", $"Database server '{server}': another session holds a lock for too long: {cause.MessageText}.", System(server),
        "Nothing, unless it lasts: locks of tenants' logins are ended after Saga:Databases:BlockingSeconds. Then look for the session in pg_locks.", cause: cause);

    private static StepFailureException Concurrent(string server, PostgresException cause) => StepFailureException.Transient(
        "postgresql-concurrent", $"Database server '{server}' answered {cause.SqlState}: {cause.MessageText}.", cause: cause);
}
