using System.Net.Sockets;
using Npgsql;
using Saga.Contracts.Steps;

namespace Saga.Workers.Runtime;

/// <summary>Says of an error that a step let through whether another attempt may help.</summary>
public static class Failures
{
    public static Failure Classify(Exception error) => error switch
    {
        StepFailureException known => known.Failure,
        PostgresException { IsTransient: false } e => new()
        {
            Code = "postgresql-" + e.SqlState,
            Message = e.MessageText,
            Remedy = "Look the SQLSTATE up in PostgreSQL's Appendix A, mend the cause, and replay the operation.",
            System = "postgresql",
            Transient = false,
        },
        NpgsqlException or SocketException => Unavailable("postgresql", "postgresql-unavailable", error),
        HttpRequestException => Unavailable(null, "http-unavailable", error),
        TimeoutException => Unavailable(null, "timeout", error),
        OperationCanceledException => Unavailable(null, "cancelled", error),
        // An error nobody foresaw may pass; the attempts bound it.
        _ => new() { Code = "unexpected", Message = $"{error.GetType().Name}: {error.Message}", Transient = true },
    };

    private static Failure Unavailable(string? system, string code, Exception error) =>
        new() { Code = code, Message = error.Message, System = system, Transient = true };
}
