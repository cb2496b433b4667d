using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Saga.Contracts.Failures;
using Saga.Workers.Runtime;
using Shouldly;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Xunit;
using static Saga.Contracts.Failures.FailureKind;

namespace Saga.Tests.Unit.Workers;

/// <summary>Errors that a step did not translate. Whether there is another attempt, and what it costs, depends on their classification.</summary>
public sealed class When_failures_are_classified
{
    public static TheoryData<Exception, string, FailureKind, string?> Cases { get; } = new()
    {
        { Refusal("23505"), "postgresql-23505", Permanent, "postgresql" },
        { Refusal("42501"), "postgresql-42501", Permanent, "postgresql" },
        { Refusal("0A000"), "postgresql-0A000", Permanent, "postgresql" },
        { Refusal("0A000", "RevalidateCachedQuery"), "postgresql-0A000", Transient, "postgresql" },
        { Refusal("40P01"), "postgresql-40P01", Transient, "postgresql" },
        { Refusal("57014"), "postgresql-57014", Transient, "postgresql" },
        { Refusal("25P03"), "postgresql-25P03", Transient, "postgresql" },
        { Refusal("57P01"), "postgresql-unavailable", Outage, "postgresql" },
        { Refusal("25006"), "postgresql-unavailable", Outage, "postgresql" },
        { Refusal("XX000"), "postgresql-XX000", Transient, "postgresql" },
        { new PostgresException("could not write init file", "FATAL", "FATAL", "XX000"), "postgresql-unavailable", Outage, "postgresql" },
        { Refusal("53300"), "postgresql-busy", Overload, "postgresql" },
        { new NpgsqlException("broken"), "postgresql-unavailable", Outage, "postgresql" },
        { new NpgsqlException("Exception while reading", new TimeoutException()), "postgresql-unavailable", Outage, "postgresql" },
        { new NpgsqlException("The connection pool has been exhausted", new TimeoutException()), "postgresql-busy", Overload, "postgresql" },
        { new SocketException((int)SocketError.ConnectionRefused), "socket-unavailable", Outage, null },
        { new IOException("reset", new SocketException((int)SocketError.ConnectionReset)), "socket-unavailable", Outage, null },
        { new HttpRequestException("broken"), "http-unavailable", Outage, null },
        { new HttpRequestException(HttpRequestError.NameResolutionError, "unknown host"), "http-unavailable", Outage, null },
        { new HttpRequestException(HttpRequestError.VersionNegotiationError, "old"), "http-refused", Permanent, null },
        { new HttpRequestException("no", null, HttpStatusCode.TooManyRequests), "http-busy", Overload, null },
        { new HttpRequestException("no", null, HttpStatusCode.NotFound), "http-refused", Permanent, null },
        { new HttpRequestException("certificate", new AuthenticationException("expired")), "http-unavailable", Outage, null },
        { new AuthenticationException("expired"), "tls-unavailable", Outage, null },
        { new TimeoutException("slow"), "timeout", Outage, null },
        { new TaskCanceledException("slow", new TimeoutException()), "timeout", Outage, null },
        { new OperationCanceledException("over"), "cancelled", Transient, null },
        { new BrokerUnreachableException(new IOException("refused")), "rabbitmq-unavailable", Outage, "rabbitmq" },
        { new AuthenticationFailureException("no"), "rabbitmq-refused", Permanent, "rabbitmq" },
        { Closed(506), "rabbitmq-busy", Overload, "rabbitmq" },
        { Closed(320), "rabbitmq-unavailable", Outage, "rabbitmq" },
        { Closed(406), "rabbitmq-refused", Permanent, "rabbitmq" },
        { new MassTransit.ConnectionException("gone"), "rabbitmq-unavailable", Outage, "rabbitmq" },
        { new InvalidOperationException("unforeseen"), "unexpected", Transient, null },
        { StepFailureException.Permanent("slug-taken", "Taken.", system: "keycloak"), "slug-taken", Permanent, "keycloak" },
        { StepFailureException.Outage("keycloak-unavailable", "Away.", "keycloak"), "keycloak-unavailable", Outage, "keycloak" },
        { new AttemptTimeoutException("identity", 1, ["keycloak", "s3"], new OperationCanceledException()), "attempt-timeout", Transient, "keycloak" },
    };

    [Theory, MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Should_state_their_kind(Exception error, string code, FailureKind kind, string? system)
    {
        var failure = Failures.Classify(error);

        (failure.Code, failure.Kind, failure.System).ShouldBe((code, kind, system));
        failure.Message.ShouldContain(error.Message.Split(": ")[^1]);
    }

    private static PostgresException Refusal(string state, string? routine = null) => new("No.", "ERROR", "ERROR", state, routine: routine);

    private static OperationInterruptedException Closed(ushort code) => new(new ShutdownEventArgs(ShutdownInitiator.Peer, code, "words"));
}
