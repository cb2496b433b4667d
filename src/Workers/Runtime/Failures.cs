using Npgsql;
using RabbitMQ.Client.Exceptions;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Saga.Workers.Runtime;

/// <summary>Classifies errors that a step did not translate itself.</summary>
public static class Failures
{
    /// <summary>The registry, or a database that the step did not name.</summary>
    private const string PostgreSql = "postgresql";
    private const string RabbitMq = "rabbitmq";

    public static Failure Classify(Exception error) => error switch
    {
        StepFailureException known => known.Failure,
        AttemptTimeoutException timedOut => timedOut.Failure,
        PostgresException e => OfPostgreSql(e),
        NpgsqlException e => Of(OfNpgsql(e), PostgreSql, PostgreSql, e),
        SocketException e => Of(FailureKinds.OfSocket(e.SocketErrorCode), null, "socket", e),
        HttpRequestException e => Of(OfHttp(e), null, "http", e),
        AuthenticationException e => Of(OfTls(e), null, "tls", e),
        TimeoutException => Of(FailureKind.Outage, null, "timeout", error, "timeout"),
        // HttpClient reports its own timeout this way.
        OperationCanceledException { InnerException: TimeoutException } => Of(FailureKind.Outage, null, "timeout", error, "timeout"),
        OperationCanceledException => Of(FailureKind.Transient, null, "cancelled", error, "cancelled"),
        OperationInterruptedException e => Of(FailureKinds.OfAmqp(e.ShutdownReason?.ReplyCode ?? 0), RabbitMq, RabbitMq, e),
        AuthenticationFailureException => Of(FailureKind.Permanent, RabbitMq, RabbitMq, error),
        BrokerUnreachableException or MassTransit.ConnectionException => Of(FailureKind.Outage, RabbitMq, RabbitMq, error),
        IOException { InnerException: SocketException inner } => Of(FailureKinds.OfSocket(inner.SocketErrorCode), null, "socket", error),
        // An unexpected error may be temporary, and the number of attempts is limited.
        _ => new() { Code = "unexpected", Message = $"{error.GetType().Name}: {error.Message}", Kind = FailureKind.Transient },
    };

    /// <summary>Errors of the client without a response from the server.</summary>
    public static FailureKind OfNpgsql(NpgsqlException error) => error switch
    {
        PostgresException answer => FailureKinds.OfSqlState(answer.SqlState, answer.InvariantSeverity),
        // All connections of this process's pool are in use.
        { InnerException: TimeoutException } when error.Message.Contains("pool", StringComparison.Ordinal) => FailureKind.Overload,
        { InnerException: SocketException inner } => FailureKinds.OfSocket(inner.SocketErrorCode),
        _ => FailureKind.Outage,
    };

    /// <summary>Errors of the client without a response from the server, or with a response that it rejects.</summary>
    public static FailureKind OfHttp(HttpRequestException error) => error switch
    {
        { StatusCode: { } status } => FailureKinds.OfHttpStatus((int)status, saysWhen: false),
        { InnerException: AuthenticationException inner } => OfTls(inner),
        { InnerException: SocketException inner } => FailureKinds.OfSocket(inner.SocketErrorCode),
        { HttpRequestError: HttpRequestError.UserAuthenticationError or HttpRequestError.ConfigurationLimitExceeded
            or HttpRequestError.VersionNegotiationError or HttpRequestError.ExtendedConnectNotSupported } => FailureKind.Permanent,
        _ => FailureKind.Outage,
    };

    /// <summary>
    /// An aborted handshake is an outage. So is an untrusted certificate: an expired one affects every tenant alike, and no tenant
    /// should be undone because of it.
    /// </summary>
    public static FailureKind OfTls(AuthenticationException error) =>
        error.InnerException is SocketException inner ? FailureKinds.OfSocket(inner.SocketErrorCode) : FailureKind.Outage;

    private static Failure OfPostgreSql(PostgresException error)
    {
        var kind = OfServer(error);
        return kind == FailureKind.Permanent
            ? new()
            {
                Code = $"{PostgreSql}-{error.SqlState}",
                Message = error.MessageText,
                Remedy = "Look up the SQLSTATE in PostgreSQL's Appendix A, fix the cause, then replay the operation.",
                System = PostgreSql,
                Kind = kind,
            }
            : Of(kind, PostgreSql, PostgreSql, error);
    }

    // "cached plan must not change result type": the next attempt plans again. The code alone means "not supported".
    private static FailureKind OfServer(PostgresException error) =>
        error is { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: "RevalidateCachedQuery" } ? FailureKind.Transient : FailureKinds.OfSqlState(error.SqlState, error.InvariantSeverity);

    private static Failure Of(FailureKind kind, string? system, string prefix, Exception error, string? code = null) => new()
    {
        Code = code ?? kind switch
        {
            FailureKind.Outage => $"{prefix}-unavailable",
            FailureKind.Overload => $"{prefix}-busy",
            FailureKind.Transient when error is PostgresException answer => $"{prefix}-{answer.SqlState}",
            FailureKind.Transient => $"{prefix}-failed",
            _ => $"{prefix}-refused",
        },
        Message = error.Message,
        System = system,
        Kind = kind,
    };
}
