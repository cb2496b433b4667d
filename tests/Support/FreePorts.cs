using System.Net;
using System.Net.Sockets;

namespace Saga.Tests.Support;

public static class FreePorts
{
    /// <summary>A port of the loopback interface that nobody listens on now.</summary>
    public static int Next()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
