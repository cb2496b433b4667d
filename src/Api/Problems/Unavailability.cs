using Npgsql;
using Saga.Registry;
using System.Net.Sockets;

namespace Saga.Api.Problems;

/// <summary>Distinguishes a registry that is unreachable or cannot work now from an error in our code.</summary>
internal static class Unavailability
{
    public static bool IsRegistryDown(Exception error) => error switch
    {
        NpgsqlException or SocketException => RegistryAvailability.IsTransient(error),
        TimeoutException => true,
        _ => false,
    };
}
