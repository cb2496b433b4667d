using System.Net.Sockets;
using Npgsql;

namespace Saga.Registry;

/// <summary>Distinguishes an unavailable registry from one that refuses, and transient errors from permanent ones. Thread-safe.</summary>
public sealed class RegistryAvailability(NpgsqlDataSource registry)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Whether the registry is unreachable or accepts no work now, so that no statement would succeed.</summary>
    public static bool IsAway(Exception error) => error switch
    {
        PostgresException e => e.SqlState switch
        {
            // Shut down, crashed or starting; too many connections; read-only after a failover.
            "57P01" or "57P02" or "57P03" or "53300" or "53400" or "25006" => true,
            // Not set up yet, being restored, or a password change in progress. The message is not at fault.
            "3D000" => true,
            var state => state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("28", StringComparison.Ordinal),
        },
        NpgsqlException or SocketException => true,
        { InnerException: { } inner } => IsAway(inner),
        _ => false,
    };

    /// <summary>Whether the database itself reports the error as transient, so that the same statement may succeed later.</summary>
    public static bool IsTransient(Exception error) => error switch
    {
        NpgsqlException { IsTransient: true } => true,
        // Cancelled by a server limit, such as a lock timeout or an idle transaction.
        PostgresException { SqlState: "57014" or "55P03" or "25P03" } => true,
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
