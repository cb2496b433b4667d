using Npgsql;
using Saga.Contracts.Failures;
using Saga.Workers.Runtime;
using System.Net.Sockets;

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
        NpgsqlException e when Failures.OfNpgsql(e) == FailureKind.Overload => Busy(server, $"No connection to database server '{server}' became free in time.", e),
        _ => Unavailable(server, error.Message, error),
    };

    /// <summary>The budget of this process for the server is used up.</summary>
    public static StepFailureException NoConnectionFree(string server, TimeoutException error) =>
        Busy(server, $"Database server '{server}': {error.Message}", error);

    private static StepFailureException Translate(string server, PostgresException error) => FailureKinds.OfSqlState(error.SqlState) switch
    {
        FailureKind.Outage => Unavailable(server, error.MessageText, error),
        FailureKind.Overload => Busy(server, $"Database server '{server}' has too much to do: {error.MessageText}.", error),
        FailureKind.Transient => Concurrent(server, error),
        _ => Refused(server, error),
    };

    private static StepFailureException Refused(string server, PostgresException error) => error.SqlState switch
    {
        // Permanent elsewhere. Here names are looked up before they are made or used, so somebody else made or took it meanwhile.
        PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateObject
            or PostgresErrorCodes.InvalidCatalogName => Concurrent(server, error),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => StepFailureException.Permanent(
            "postgresql-refused", $"Database server '{server}' refused the sign-in: {error.MessageText}.",
            $"Set Saga:Databases:Servers:{server}:ConnectionString to a superuser that may sign in.", System(server), error),
        PostgresErrorCodes.InsufficientPrivilege => StepFailureException.Permanent(
            "postgresql-privilege", $"Database server '{server}' refused: {error.MessageText}.",
            $"The user of Saga:Databases:Servers:{server}:ConnectionString must be a superuser.", System(server), error),
        _ => StepFailureException.Permanent(
            "postgresql-" + error.SqlState, $"Database server '{server}' answered {error.SqlState}: {error.MessageText}.",
            "Look the SQLSTATE up in PostgreSQL's Appendix A, correct the cause, and replay the operation.", System(server), error),
    };

    private static StepFailureException Unavailable(string server, string message, Exception cause) => StepFailureException.Outage(
        "postgresql-unavailable", $"Database server '{server}' is unavailable: {message}", System(server),
        "Bring the server back; the step goes on by itself.", cause);

    private static StepFailureException Busy(string server, string message, Exception cause) => StepFailureException.Overload(
        "postgresql-busy", message, System(server), "Nothing, unless it lasts: then let the server take more connections, and raise Saga:Databases:MaxConnectionsPerServer.",
        cause: cause);

    private static StepFailureException Concurrent(string server, PostgresException cause) => StepFailureException.Transient(
        "postgresql-concurrent", $"Database server '{server}' answered {cause.SqlState}: {cause.MessageText}.", cause: cause);
}
