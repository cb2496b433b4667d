using System.Net.Sockets;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

/// <summary>What a step let through without a word of its own: whether another attempt is made hangs on this.</summary>
public sealed class When_failures_are_classified
{
    public static TheoryData<Exception, string, bool, string?> Cases { get; } = new()
    {
        // PostgreSQL refused: it would again.
        { Refusal("23505"), "postgresql-23505", false, "postgresql" },
        { Refusal("42501"), "postgresql-42501", false, "postgresql" },
        // It was shut down, is full of connections, or chose a deadlock's victim: it may not again.
        { Refusal("57P01"), "postgresql-unavailable", true, "postgresql" },
        { Refusal("53300"), "postgresql-unavailable", true, "postgresql" },
        { Refusal("40P01"), "postgresql-unavailable", true, "postgresql" },
        { new NpgsqlException("broken"), "postgresql-unavailable", true, "postgresql" },
        { new SocketException((int)SocketError.ConnectionRefused), "postgresql-unavailable", true, "postgresql" },
        { new HttpRequestException("broken"), "http-unavailable", true, null },
        { new TimeoutException("slow"), "timeout", true, null },
        { new OperationCanceledException("over"), "cancelled", true, null },
        { new InvalidOperationException("unforeseen"), "unexpected", true, null },
        { StepFailureException.Permanent("slug-taken", "Taken.", system: "keycloak"), "slug-taken", false, "keycloak" },
        { StepFailureException.Transient("keycloak-unavailable", "Away.", system: "keycloak"), "keycloak-unavailable", true, "keycloak" },
    };

    [Theory, MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Should_say_whether_another_attempt_may_help(Exception error, string code, bool transient, string? system)
    {
        var failure = Failures.Classify(error);

        (failure.Code, failure.Transient, failure.System).ShouldBe((code, transient, system));
        failure.Message.ShouldContain(error.Message.Split(": ")[^1]);
    }

    private static PostgresException Refusal(string state) => new("No.", "ERROR", "ERROR", state);
}
