using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Saga.Tests.Integration.Reservation;

/// <summary>
/// A relay between a client and a server. Once the client has sent a given text, it forwards nothing more in either direction but
/// keeps the connections open. To the server the client looks like a process after SIGSTOP.
/// </summary>
internal sealed class FreezingRelay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly TaskCompletionSource frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string host;
    private readonly int port;
    private readonly string freezesAfter;
    private readonly Task accepting;

    public FreezingRelay(string host, int port, string freezesAfter)
    {
        (this.host, this.port, this.freezesAfter) = (host, port, freezesAfter);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Completes when the text was forwarded to the server.</summary>
    public Task Frozen => frozen.Task;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Dispose();
        await accepting;
        end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true)
                carrying.Add(CarryAsync(await listener.AcceptTcpClientAsync(end.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(carrying);
        }
    }

    private async Task CarryAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            await far.ConnectAsync(host, port, end.Token);
            await Task.WhenAll(PassAsync(near.GetStream(), far.GetStream(), looks: true), PassAsync(far.GetStream(), near.GetStream(), looks: false));
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, bool looks)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, end.Token) is > 0 and var count)
            {
                if (frozen.Task.IsCompleted)
                    await Task.Delay(Timeout.Infinite, end.Token);
                // Set before forwarding, so that the answer is not forwarded.
                var last = looks && Encoding.UTF8.GetString(buffer, 0, count).Contains(freezesAfter, StringComparison.Ordinal);
                if (last)
                    frozen.TrySetResult();
                await to.WriteAsync(buffer.AsMemory(0, count), end.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The test is over, or one side has disconnected.
        }
    }
}
