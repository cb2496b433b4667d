using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Saga.Tests.Support;

/// <summary>
/// Ports for servers that a test starts a moment later. They are below those that the kernel gives to outgoing connections, or one of
/// these could take the port in between. Thread-safe.
/// </summary>
public static class FreePorts
{
    private const string GivenByKernel = "/proc/sys/net/ipv4/ip_local_port_range";
    private const int First = 10_000;
    private static readonly int End = File.Exists(GivenByKernel) ? int.Parse(File.ReadAllText(GivenByKernel).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 32_768;
    private static readonly HashSet<int> Given = [];

    /// <summary>A port of the loopback interface that nobody listens on now, and that this process was not given before.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = End > First ? Random.Shared.Next(First, End) : 0;
            using var probe = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
            try
            {
                probe.Start();
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                continue;
            }

            var free = ((IPEndPoint)probe.LocalEndpoint).Port;
            lock (Given)
            {
                if (Given.Add(free))
                    return free;
            }
        }
    }
}
