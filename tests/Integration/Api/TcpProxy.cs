using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Saga.Tests.Integration.Api;

/// <summary>A proxy between a client and a server that can cut the connections.</summary>
public sealed class TcpProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> open = [];
    private readonly string host;
    private readonly int port;
    private volatile bool cut;

    public TcpProxy(string host, int port)
    {
        (this.host, this.port) = (host, port);
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Breaks every connection, and refuses new ones.</summary>
    public void Cut()
    {
        cut = true;
        while (open.TryTake(out var client))
            client.Dispose();
    }

    public void Repair() => cut = false;

    public void Dispose()
    {
        listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            if (cut)
                return;
            await far.ConnectAsync(host, port);
            open.Add(near);
            open.Add(far);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
    }
}
