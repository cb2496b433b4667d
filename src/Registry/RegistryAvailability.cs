using System.Net.Sockets;
using Npgsql;
using Saga.Contracts.Failures;

namespace Saga.Registry;

/// <summary>Distinguishes an unavailable registry from one that refuses, and transient errors from permanent ones. Thread-safe.</summary>
public sealed class RegistryAvailability(NpgsqlDataSource registry)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Whether the registry is unreachable or accepts no work now, so that no statement would succeed.</summary>
    public static bool IsAway(Exception error) => error switch
    {
        // Not set up yet, being restored, or a password change in progress. The message is not at fault.
        PostgresException { SqlState: "3D000" or ['2', '8', ..] } => true,
        PostgresException e => FailureKinds.OfSqlState(e.SqlState, e.InvariantSeverity) is FailureKind.Outage or FailureKind.Overload,
        NpgsqlException or SocketException => true,
        { InnerException: { } inner } => IsAway(inner),
        _ => false,
    };

    /// <summary>Whether the same statement may succeed later, because the registry is away or a session or lock was in the way.</summary>
    public static bool IsTransient(Exception error) => error switch
    {
        PostgresException e => FailureKinds.OfSqlState(e.SqlState, e.InvariantSeverity) == FailureKind.Transient || IsAway(e),
        NpgsqlException { IsTransient: true } => true,
        { InnerException: { } inner } => IsTransient(inner),
        _ => IsAway(error),
    };

    /// <summary>Whether the registry accepts work. Returns false instead of throwing.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using var command = registry.CreateCommand("select not pg_is_in_recovery()");
            return await command.ExecuteScalarAsync(limit.Token) is true;
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }
}
