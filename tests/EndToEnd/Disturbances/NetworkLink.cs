using System.Net;
using System.Net.Sockets;
using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>
/// The network between programs and a server on this machine. While it is lost, nothing arrives and no connection ends, as behind a switch
/// without power; afterwards what was sent arrives.
/// </summary>
internal sealed class NetworkLink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, FreePorts.Next());
    private readonly CancellationTokenSource ended = new();
    private readonly int target;
    private readonly Task accepting;
    private volatile TaskCompletionSource open = new();

    /// <param name="target">The server's port.</param>
    public NetworkLink(int target)
    {
        this.target = target;
        open.SetResult();
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where programs reach the server.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Lose() => open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void BringBack() => open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        open.TrySetResult();
        listener.Dispose();
        await accepting;
        ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await listener.AcceptSocketAsync(ended.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using (client)
        using (var server = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await open.Task.WaitAsync(ended.Token);
                await server.ConnectAsync(IPAddress.Loopback, target, ended.Token);
                // When one side closes, so does the other.
                await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                // The server is away, so the client's connection ends.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            from.NoDelay = to.NoDelay = true;
            while (await from.ReceiveAsync(buffer, ended.Token) is > 0 and var count)
            {
                await open.Task.WaitAsync(ended.Token);
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), ended.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }
    }
}
