using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Saga.Host.Embedded;
using Saga.Tests.Support.Containers;

namespace Saga.Tests.Support;

/// <summary>
/// A private Redis on a free port, with an aclfile. All tests of the process share it, and it is stopped at the end. A test that
/// stops the server starts its own. SAGA_TEST_REDIS (<c>host:port</c>) names another shared server, and
/// <see cref="TestServers"/> may choose a container.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Remedy = "install Redis 7 or newer (Debian: apt-get install redis-server), or set SAGA_TEST_REDIS=host:port.";
    private static readonly Lazy<Task<RedisServer>> One = new(GetAsync);

    private readonly ServerProcess? process;
    private readonly string? folder;
    private readonly int port;

    private RedisServer(string address)
    {
        Address = address;
        port = int.Parse(address.AsSpan(address.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);
    }

    private RedisServer(int port, ServerProcess process, string folder)
        : this(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")) =>
        (this.process, this.folder) = (process, folder);

    /// <summary><c>host:port</c>: a connection string without options.</summary>
    public string Address { get; }

    public static Task<RedisServer> SharedAsync() => One.Value;

    /// <param name="settings">Lines of redis.conf.</param>
    public static async Task<RedisServer> StartNewAsync(bool aclFile = true, params string[] settings)
    {
        var program = Programs.Find("redis-server", Programs.Path) ?? throw new InvalidOperationException($"redis-server was not found: {Remedy}");
        var free = FreePorts.Next();
        var home = Directory.CreateTempSubdirectory("saga-test-redis-").FullName;
        AtEnd.Do(() =>
        {
            if (Directory.Exists(home))
                Directory.Delete(home, recursive: true);
        });
        await File.WriteAllTextAsync(Path.Combine(home, "users.acl"), "");
        string[] lines = [.. settings, "bind 127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"port {free}"), "save \"\"", "dir " + home];
        await File.WriteAllLinesAsync(Path.Combine(home, "redis.conf"), aclFile ? [.. lines, "aclfile " + Path.Combine(home, "users.acl")] : lines);
        var server = new RedisServer(free, new ServerProcess(program, Path.Combine(home, "redis.conf")), home);
        await server.StartAsync();
        return server;
    }

    /// <summary>Kills the server, like a crash.</summary>
    public void Stop() => Own.Kill();

    /// <summary>Freezes the server: connections stay open, and nothing answers.</summary>
    public void Freeze() => Own.Freeze();

    /// <summary>Lets it continue.</summary>
    public void Thaw() => Own.Thaw();

    public async Task StartAsync()
    {
        process!.Start();
        await process.WaitAsync(
            async () =>
            {
                try
                {
                    return (await AskAsync("PING")).StartsWith("+PONG", StringComparison.Ordinal);
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(20));
    }

    /// <summary>Sends raw lines, and returns the unparsed reply to the last one.</summary>
    public async Task<string> AskAsync(params string[] lines)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Address[..Address.LastIndexOf(':')], port);
        await using var stream = tcp.GetStream();
        var buffer = new byte[65536];
        var answer = "";
        foreach (var line in lines)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"));
            answer = Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
        }

        return answer;
    }

    public ValueTask DisposeAsync()
    {
        process?.Kill();
        if (folder is not null && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private ServerProcess Own => process ?? throw new InvalidOperationException("The shared server is not the tests' to stop.");

    private static async Task<RedisServer> GetAsync()
    {
        if (Environment.GetEnvironmentVariable("SAGA_TEST_REDIS") is { Length: > 0 } given)
            return new RedisServer(given);
        return await TestServers.AreContainersAsync() ? new RedisServer(await RedisContainerServer.StartAsync()) : await StartNewAsync();
    }
}
