using System.Net.Sockets;

namespace Saga.Contracts.Failures;

/// <summary>
/// Maps the answers of external systems to failure kinds, in this one place. A caller that knows more from its context overrides
/// the kind there. The reasons are in <c>docs/decisions/failures.md</c>.
/// </summary>
public static class FailureKinds
{
    /// <param name="state">The five characters of PostgreSQL's Appendix A.</param>
    /// <param name="severity">The severity that the server does not translate, such as <c>ERROR</c>; null when it is not known.</param>
    public static FailureKind OfSqlState(string state, string? severity = null) => state switch
    {
        // Deadlocks, serialization failures and lost answers; an integrity constraint at commit would fail again.
        "40002" => FailureKind.Permanent,
        ['4', '0', ..] => FailureKind.Transient,
        // The server became a standby. The primary is elsewhere, or will be soon.
        "25006" => FailureKind.Outage,
        // A timeout broke or ended the session. The next attempt uses another one.
        "25P02" or "25P03" or "25P04" => FailureKind.Transient,
        // A pooler switched the connection to a session that lacks the prepared statement, or already has one with that name.
        "26000" or "42P05" => FailureKind.Transient,
        // Another session holds the object or the lock.
        "55006" or "55P03" => FailureKind.Transient,
        // Memory, connections and configured limits: the server works but is overloaded. A full disk, in contrast, stops all writes.
        "53100" => FailureKind.Outage,
        ['5', '3', ..] => FailureKind.Overload,
        // Shut down, crashed, or still starting: unavailable until it is back.
        "57P01" or "57P02" or "57P03" => FailureKind.Outage,
        // A statement timeout, an operator's cancel, an idle session that was ended, a database that was dropped meanwhile.
        ['5', '7', ..] => FailureKind.Transient,
        // A missing or superfluous file, such as an extension that is not installed.
        "58P01" or "58P02" or "58P03" => FailureKind.Permanent,
        ['5', '8', ..] => FailureKind.Outage,
        ['0', '8', ..] => FailureKind.Outage,
        "HV00N" => FailureKind.Outage,
        "72000" => FailureKind.Transient,
        // Damaged data does not repair itself. Other internal errors are mostly races in the catalogue.
        "XX001" or "XX002" => FailureKind.Permanent,
        // The server could not begin the session or had to end it, as when it cannot write its own files because the disk is full.
        ['X', 'X', ..] when severity is "FATAL" or "PANIC" => FailureKind.Outage,
        ['X', 'X', ..] => FailureKind.Transient,
        _ => FailureKind.Permanent,
    };

    /// <param name="status">Not a success.</param>
    /// <param name="saysWhen">Whether the answer has a <c>Retry-After</c>.</param>
    public static FailureKind OfHttpStatus(int status, bool saysWhen) => status switch
    {
        429 => FailureKind.Overload,
        503 when saysWhen => FailureKind.Overload,
        408 or 423 or 425 => FailureKind.Transient,
        501 or 505 or 506 or 508 or 510 => FailureKind.Permanent,
        // A gateway without its server, the server itself, or storage that is full.
        502 or 503 or 504 or 507 or 511 or (>= 520 and <= 530) => FailureKind.Outage,
        // One tenant's data can cause a 500, so it costs attempts. Circuit breakers count it as well.
        >= 500 => FailureKind.Transient,
        _ => FailureKind.Permanent,
    };

    /// <param name="code">The error code in the response; null when there is none.</param>
    /// <param name="status">The HTTP status; 0 when there was no answer.</param>
    public static FailureKind OfS3(string? code, int status) => code switch
    {
        "SlowDown" or "SlowDownRead" or "SlowDownWrite" or "Throttling" or "ThrottlingException" or "ThrottledException" or "RequestThrottled"
            or "RequestLimitExceeded" or "TooManyRequests" or "TooManyRequestsException" or "BandwidthLimitExceeded" => FailureKind.Overload,
        "RequestTimeout" or "RequestTimeTooSkewed" or "RequestExpired" or "OperationAborted" or "ConditionalRequestConflict"
            or "InternalError" => FailureKind.Transient,
        "ServiceUnavailable" => FailureKind.Outage,
        _ => status == 0 ? FailureKind.Outage : OfHttpStatus(status, saysWhen: false),
    };

    /// <param name="error">The server's error reply, which begins with its code.</param>
    public static FailureKind OfRedis(string error) => error.Split(' ', 2)[0] switch
    {
        // It is loading its data, has become a replica, or cannot write to its disk.
        "LOADING" or "READONLY" or "MASTERDOWN" or "CLUSTERDOWN" or "MISCONF" or "NOREPLICAS" => FailureKind.Outage,
        "OOM" or "BUSY" => FailureKind.Overload,
        "TRYAGAIN" or "EXECABORT" or "UNBLOCKED" => FailureKind.Transient,
        "ERR" when error.Contains("max number of clients", StringComparison.OrdinalIgnoreCase) => FailureKind.Overload,
        _ => FailureKind.Permanent,
    };

    /// <param name="replyCode">AMQP's, of a closed channel or connection.</param>
    public static FailureKind OfAmqp(int replyCode) => replyCode switch
    {
        // Closed by an operator or a shutdown, or closed without a reply.
        320 or 0 or 200 => FailureKind.Outage,
        // Memory or disk alarms, and limits of connections and channels.
        506 => FailureKind.Overload,
        405 or 504 or 541 => FailureKind.Transient,
        _ => FailureKind.Permanent,
    };

    /// <param name="replyCode">SMTP's three digits; not positive when there was no reply.</param>
    public static FailureKind OfSmtp(int replyCode) => replyCode switch
    {
        <= 0 or 421 => FailureKind.Outage,
        // Greylisting, a busy mailbox, full queues: come back later.
        450 or 451 or 452 => FailureKind.Overload,
        >= 400 and < 500 => FailureKind.Transient,
        _ => FailureKind.Permanent,
    };

    public static FailureKind OfSocket(SocketError error) => error switch
    {
        // This machine has no more sockets or ports.
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressAlreadyInUse or SocketError.ProcessLimit => FailureKind.Overload,
        SocketError.AddressFamilyNotSupported or SocketError.ProtocolNotSupported or SocketError.ProtocolFamilyNotSupported
            or SocketError.SocketNotSupported or SocketError.OperationNotSupported or SocketError.InvalidArgument => FailureKind.Permanent,
        _ => FailureKind.Outage,
    };
}
