using System.Net;
using System.Net.Sockets;
using Saga.Workers.Runtime.Leases;

namespace Saga.Workers.Http;

/// <summary>
/// Connects to endpoints. The name is resolved once, and the address that was checked is the one that is used, so that a name which resolves to
/// another address a moment later changes nothing.
/// </summary>
/// <param name="allowed">Hosts that may have any address.</param>
/// <param name="resolve">Resolves a name.</param>
internal sealed class EndpointConnector(IEnumerable<string> allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    private readonly HashSet<string> allowed = allowed.Select(Bare).ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="AddressRefusedException">The host has no address that may be called.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = Bare(context.DnsEndPoint.Host);
        IPAddress[] all = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancellationToken);
        IPAddress[] open = allowed.Contains(host) ? all : Array.FindAll(all, PublicAddress.Is);
        if (open.Length == 0)
            throw all.Length == 0 ? new SocketException((int)SocketError.HostNotFound) : new AddressRefusedException(host, all[0]);
        for (var i = 0; ; i++)
        {
            var socket = new Socket(open[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(open[i], context.DnsEndPoint.Port, cancellationToken);
                return new LeasedStream(new NetworkStream(socket, ownsSocket: true));
            }
            catch (SocketException) when (i + 1 < open.Length)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    // An IPv6 address has brackets in an URL.
    private static string Bare(string host) => host.Trim('[', ']');
}
