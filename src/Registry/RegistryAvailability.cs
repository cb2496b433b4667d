using System.Net.Sockets;
using Npgsql;

namespace Saga.Registry;

/// <summary>Tells a registry that is away from one that refuses, and what may pass by itself from what will not. Thread-safe.</summary>
public sealed class RegistryAvailability(NpgsqlDataSource registry)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>It cannot be reached, or takes no work now: no statement of anybody would succeed.</summary>
    public static bool IsAway(Exception error) => error switch
    {
        PostgresException e => e.SqlState switch
        {
            // Shut down, crashed, starting; too many connections; read-only after a failover.
            "57P01" or "57P02" or "57P03" or "53300" or "53400" or "25006" => true,
            // Not set up yet, being restored, or a password that is being changed: nothing of it is the message's fault.
            "3D000" => true,
            var state => state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("28", StringComparison.Ordinal),
        },
        NpgsqlException or SocketException => true,
        { InnerException: { } inner } => IsAway(inner),
        _ => false,
    };

    /// <summary>The same statement may succeed later: the database itself says so.</summary>
    public static bool IsTransient(Exception error) => error switch
    {
        NpgsqlException { IsTransient: true } => true,
        // Cancelled by a limit of the server's, such as a lock that was waited for too long, or a transaction that was left open.
        PostgresException { SqlState: "57014" or "55P03" or "25P03" } => true,
        { InnerException: { } inner } => IsTransient(inner),
        _ => IsAway(error),
    };

    /// <summary>Whether it takes work. False, never an error.</summary>
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
