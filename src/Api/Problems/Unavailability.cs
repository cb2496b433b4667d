using System.Net.Sockets;
using Npgsql;

namespace Saga.Api.Problems;

/// <summary>Tells a registry that cannot be reached or cannot work now from a fault of ours.</summary>
internal static class Unavailability
{
    public static bool IsRegistryDown(Exception error) => error switch
    {
        // Connection exceptions, resources used up, shut down by an operator or recovering, a system error.
        PostgresException e => e.SqlState[..2] is "08" or "53" or "57" or "58" || e.IsTransient,
        NpgsqlException or SocketException or TimeoutException => true,
        _ => false,
    };
}
