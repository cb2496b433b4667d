using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Saga.Hosting.Startup;

namespace Saga.Host.Startup;

/// <summary>What the host needs of the machine. Checked before anything starts, so that there is one sentence and nothing to stop.</summary>
internal static class HostLimits
{
    private const int OpenFiles = 1024;

    /// <exception cref="StartException">The address is taken, or too few files may be open.</exception>
    public static void Check(HostMode mode, IConfiguration configuration)
    {
        // .NET has raised the limit as far as it may be raised.
        if (mode != HostMode.Real && Limit() is { } limit and < OpenFiles)
        {
            throw new StartException(string.Create(CultureInfo.InvariantCulture,
                $"At most {limit} files may be open (ulimit -n), but the host and its private servers need at least {OpenFiles}. Raise the limit: ulimit -n {OpenFiles}"));
        }

        if (configuration[ModeRules.AddressKey] is { Length: > 0 } address && ListenAddress.Parse(address) is { } parsed && Taken(parsed.Host, parsed.Port))
            throw new StartException($"{ModeRules.AddressKey} is {address}, but another program listens there. Stop that program, or choose another port.");
    }

    private static bool Taken(string host, int port)
    {
        var candidates = host == "localhost"
            ? [IPAddress.Loopback]
            : IPAddress.TryParse(host.Trim('[', ']'), out var ip) ? [ip] : Array.Empty<IPAddress>();
        foreach (var candidate in candidates)
        {
            // As Kestrel binds: an address that connections of the past still occupy is not taken.
            using var probe = new Socket(candidate.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(candidate, port));
                probe.Listen();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return true;
            }
            catch (SocketException)
            {
                // Kestrel will say what is wrong with it.
            }
        }

        return false;
    }

    private static ulong? Limit()
    {
        var numberOfFiles = OperatingSystem.IsLinux() ? 7 : 8;
        return GetLimit(numberOfFiles, out var limit) == 0 ? limit.Current : null;
    }

    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Current;
        public ulong Maximum;
    }
}
