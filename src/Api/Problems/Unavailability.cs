using System.Net.Sockets;
using Npgsql;

namespace Saga.Api.Problems;

/// <summary>Distinguishes a registry that is unreachable or cannot work now from an error in our code.</summary>
internal static class Unavailability
{
    public static bool IsRegistryDown(Exception error) => error switch
    {
        // Connection exceptions, exhausted resources, shutdown or recovery, system errors.
        PostgresException e => e.SqlState[..2] is "08" or "53" or "57" or "58" || e.IsTransient,
        NpgsqlException or SocketException or TimeoutException => true,
        _ => false,
    };
}
