using System.Net;
using System.Net.Sockets;

namespace Saga.Host.Embedded;

/// <summary>Ports of 127.0.0.1. A free port is only free now: another process may take it before it is used.</summary>
public static class LocalPorts
{
    public static int Free()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The first free port from <paramref name="first"/> on, or any free port when twenty are taken.</summary>
    public static int FreeFrom(int first) =>
        Enumerable.Range(first, 20).Where(IsFree).Select(p => (int?)p).FirstOrDefault() ?? Free();
}
