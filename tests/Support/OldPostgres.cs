using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Saga.Tests.Support;

/// <summary>A proxy before a PostgreSQL server that reports an older version to clients that connect.</summary>
public sealed class OldPostgres : IDisposable
{
    private static readonly byte[] Parameter = "server_version\0"u8.ToArray();
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder server;
    private readonly string version;

    /// <param name="server">A connection string of the server.</param>
    /// <param name="version">The major version to report: two digits.</param>
    public OldPostgres(string server, string version)
    {
        // Unencrypted, so that the version can be found.
        (this.server, this.version) = (new(server) { SslMode = SslMode.Disable }, version);
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Whether it refuses connections, as if the server were away.</summary>
    public bool Away { get; set; }

    public string ConnectionString => new NpgsqlConnectionStringBuilder(server.ConnectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ConnectionString;

    public void Dispose() => listener.Dispose();

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
        if (Away)
            return;
        try
        {
            await far.ConnectAsync(server.Host!, server.Port);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), AnswerAsync(far.GetStream(), near.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }
    }

    // The server sends its version once, with the answer to the sign-in.
    private async Task AnswerAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[65536];
        for (int read; (read = await from.ReadAsync(buffer)) > 0;)
        {
            if (buffer.AsSpan(0, read).IndexOf(Parameter) is >= 0 and var at)
                System.Text.Encoding.ASCII.GetBytes(version, buffer.AsSpan(at + Parameter.Length));
            await to.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
