using System.Net.Sockets;

namespace Saga.Tests.Support.Containers;

/// <summary>The Docker engine of this machine, or the one that DOCKER_HOST names.</summary>
internal static class DockerEngine
{
    private const string Usual = "unix:///var/run/docker.sock";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>Why there is none; null when it answers.</returns>
    /// <param name="host">The value of DOCKER_HOST; null when it is not set.</param>
    public static async Task<string?> WhyNoneAsync(string? host)
    {
        var address = new Uri(string.IsNullOrEmpty(host) ? Usual : host);
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = address.Scheme == "unix"
                    ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                    : new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    if (address.Scheme == "unix")
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.AbsolutePath), cancellationToken);
                    else
                        await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        using var http = new HttpClient(handler) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri("http://docker/_ping"));
            return answer.IsSuccessStatusCode ? null : $"{address} answered {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return $"{address} does not answer: {e.Message}";
        }
    }
}
