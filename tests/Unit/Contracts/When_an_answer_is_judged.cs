using Saga.Contracts.Failures;
using Shouldly;
using System.Net.Sockets;
using Xunit;
using static Saga.Contracts.Failures.FailureKind;

namespace Saga.Tests.Unit.Contracts;

/// <summary>Every class of SQLSTATEs, every HTTP status, and the errors of Redis, S3, RabbitMQ, mail servers and sockets, because attempts and compensations depend on them.</summary>
public sealed class When_an_answer_is_judged
{
    // Appendix A of PostgreSQL 18: every class by its general code, and the codes that differ from their class.
    private const string SqlStates =
        """
        permanent: 00000 01000 02000 03000 09000 0A000 0B000 0F000 0L000 0P000 0Z000 0Z002 10608 20000 21000 22000 22001 22003 22012 22021
        permanent: 22023 22P02 22P05 23000 23001 23502 23503 23505 23514 23P01 24000 25000 25001 25P01 27000 28000 28P01 2B000 2BP01 2D000
        permanent: 2F000 34000 38000 39000 3B000 3D000 3F000 40002 42000 42501 42601 42703 42704 42710 42723 42883 42P01 42P04 42P06 42P07
        permanent: 44000 54000 54001 54011 55000 55P02 55P04 58P01 58P02 F0000 F0001 HV000 HV001 P0000 P0001 P0002 P0003 P0004 XX001 XX002
        transient: 25P02 25P03 25P04 26000 40000 40001 40003 40P01 42P05 55006 55P03 57000 57014 57P04 57P05 72000 XX000
        outage:    08000 08001 08003 08004 08006 08007 08P01 25006 53100 57P01 57P02 57P03 58000 58030 HV00N
        overload:  53000 53200 53300 53400
        """;

    private const string HttpStatuses =
        """
        permanent: 300 301 302 303 304 307 308 400 401 402 403 404 405 406 407 409 410 411 412 413 414 415 416 417 418 421 422 424 426 428 431 451
        permanent: 501 505 506 508 510
        transient: 408 423 425 500 509 599
        outage:    502 503 504 507 511 520 521 522 523 524 525 526 527 530
        overload:  429
        """;

    private const string RedisErrors =
        """
        permanent: NOAUTH NOPERM WRONGPASS WRONGTYPE ERR NOSCRIPT MOVED ASK CROSSSLOT NOPROTO
        transient: TRYAGAIN EXECABORT UNBLOCKED
        outage:    LOADING READONLY MASTERDOWN CLUSTERDOWN MISCONF NOREPLICAS
        overload:  OOM BUSY
        """;

    private const string AmqpReplies =
        """
        permanent: 311 312 313 402 403 404 406 501 502 503 505 530 540
        transient: 405 504 541
        outage:    0 200 320
        overload:  506
        """;

    private const string SmtpReplies =
        """
        permanent: 500 501 502 503 504 521 530 534 535 538 550 551 552 553 554 555 556
        transient: 432 454 455 471
        outage:    -1 0 421
        overload:  450 451 452
        """;

    public static TheoryData<string, FailureKind> SqlStateRows { get; } = Rows(SqlStates);

    public static TheoryData<string, FailureKind> HttpRows { get; } = Rows(HttpStatuses);

    public static TheoryData<string, FailureKind> RedisRows { get; } = Rows(RedisErrors);

    public static TheoryData<string, FailureKind> AmqpRows { get; } = Rows(AmqpReplies);

    public static TheoryData<string, FailureKind> SmtpRows { get; } = Rows(SmtpReplies);

    [Theory, MemberData(nameof(SqlStateRows))]
    public void Should_classify_PostgreSQL_states(string state, FailureKind kind) => FailureKinds.OfSqlState(state).ShouldBe(kind);

    [Theory]
    [InlineData("XX000", "ERROR", FailureKind.Transient)]
    [InlineData("XX000", "FATAL", FailureKind.Outage)]
    [InlineData("XX000", "PANIC", FailureKind.Outage)]
    [InlineData("XX001", "FATAL", FailureKind.Permanent)]
    [InlineData("28P01", "FATAL", FailureKind.Permanent)]
    [InlineData("53300", "FATAL", FailureKind.Overload)]
    public void Should_tell_a_race_in_the_catalogue_from_a_server_that_cannot_serve_a_session(string state, string severity, FailureKind kind) =>
        FailureKinds.OfSqlState(state, severity).ShouldBe(kind);

    [Theory, MemberData(nameof(HttpRows))]
    public void Should_classify_HTTP_statuses(string status, FailureKind kind) =>
        FailureKinds.OfHttpStatus(int.Parse(status), saysWhen: false).ShouldBe(kind);

    [Theory, InlineData(429, Overload), InlineData(503, Overload), InlineData(502, Outage), InlineData(500, Transient), InlineData(400, Permanent)]
    public void Should_treat_a_503_with_retry_after_as_overload(int status, FailureKind kind) =>
        FailureKinds.OfHttpStatus(status, saysWhen: true).ShouldBe(kind);

    [Theory, MemberData(nameof(RedisRows))]
    public void Should_classify_Redis_errors(string code, FailureKind kind) => FailureKinds.OfRedis($"{code} and words").ShouldBe(kind);

    [Fact]
    public void Should_treat_Redis_at_its_client_limit_as_overload() =>
        FailureKinds.OfRedis("ERR max number of clients reached").ShouldBe(Overload);

    [Theory]
    [InlineData("SlowDown", 503, Overload), InlineData("SlowDownWrite", 503, Overload), InlineData("Throttling", 400, Overload), InlineData(null, 429, Overload)]
    [InlineData("RequestLimitExceeded", 503, Overload), InlineData("BandwidthLimitExceeded", 503, Overload)]
    [InlineData("ServiceUnavailable", 503, Outage), InlineData(null, 503, Outage), InlineData(null, 0, Outage), InlineData("XMinioServerNotInitialized", 503, Outage)]
    [InlineData("RequestTimeTooSkewed", 403, Transient), InlineData("RequestTimeout", 400, Transient), InlineData("OperationAborted", 409, Transient)]
    [InlineData("ConditionalRequestConflict", 409, Transient), InlineData("InternalError", 500, Transient), InlineData("InternalError", 200, Transient)]
    [InlineData("AccessDenied", 403, Permanent), InlineData("NoSuchBucket", 404, Permanent), InlineData("BucketAlreadyExists", 409, Permanent)]
    [InlineData("InvalidAccessKeyId", 403, Permanent), InlineData("SignatureDoesNotMatch", 403, Permanent), InlineData("NotImplemented", 501, Permanent)]
    public void Should_classify_S3_errors(string? code, int status, FailureKind kind) => FailureKinds.OfS3(code, status).ShouldBe(kind);

    [Theory, MemberData(nameof(AmqpRows))]
    public void Should_classify_RabbitMQ_replies(string code, FailureKind kind) => FailureKinds.OfAmqp(int.Parse(code)).ShouldBe(kind);

    [Theory, MemberData(nameof(SmtpRows))]
    public void Should_classify_mail_server_replies(string code, FailureKind kind) => FailureKinds.OfSmtp(int.Parse(code)).ShouldBe(kind);

    [Theory]
    [InlineData(SocketError.ConnectionRefused, Outage), InlineData(SocketError.ConnectionReset, Outage), InlineData(SocketError.TimedOut, Outage)]
    [InlineData(SocketError.HostNotFound, Outage), InlineData(SocketError.TryAgain, Outage), InlineData(SocketError.NetworkUnreachable, Outage), InlineData(SocketError.SocketError, Outage)]
    [InlineData(SocketError.TooManyOpenSockets, Overload), InlineData(SocketError.AddressAlreadyInUse, Overload), InlineData(SocketError.NoBufferSpaceAvailable, Overload)]
    [InlineData(SocketError.AddressFamilyNotSupported, Permanent)]
    public void Should_classify_socket_errors(SocketError error, FailureKind kind) => FailureKinds.OfSocket(error).ShouldBe(kind);

    private static TheoryData<string, FailureKind> Rows(string table)
    {
        var rows = new TheoryData<string, FailureKind>();
        foreach (var line in table.Split('\n').Select(l => l.Split(':')))
        {
            foreach (var code in line[1].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                rows.Add(code, Enum.Parse<FailureKind>(line[0], ignoreCase: true));
        }

        return rows;
    }
}
