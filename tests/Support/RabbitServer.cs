using System.Diagnostics;
using System.Globalization;
using Saga.Host.Local;
using Saga.Host.Processes;
using Saga.Tests.Support.Containers;

namespace Saga.Tests.Support;

/// <summary>
/// One private RabbitMQ node for all tests of a process, started on first use and stopped at its end; or the broker
/// in SAGA_TEST_RABBITMQ (an AMQP address, whose virtual host is then shared), or one that <see cref="TestServers"/> chooses. Each test uses
/// its own virtual host.
/// </summary>
public sealed class RabbitServer
{
    // Starting the command that creates virtual hosts takes a second of processor time, however many it creates.
    private const int Batch = 8;
    private static readonly Lazy<Task<RabbitServer>> Shared = new(StartSharedAsync);
    private readonly SemaphoreSlim making = new(1);
    private readonly Queue<string> made = new();
    private int count;
    private readonly string folder;
    private readonly string node;
    private readonly string hostName = "127.0.0.1";
    private readonly Dictionary<string, string> environment;
    private readonly RabbitContainer? container;
    private Process? process;

    private RabbitServer(string folder, int port, int distributionPort)
    {
        this.folder = folder;
        Port = port;
        node = string.Create(CultureInfo.InvariantCulture, $"saga{port}@localhost");
        environment = RabbitMqFiles.Write(folder, node, port, distributionPort);
    }

    private RabbitServer(RabbitContainer container)
    {
        this.container = container;
        (folder, node, environment) = ("", "", []);
        (hostName, Port) = (container.Host, container.Port);
    }

    public int Port { get; }

    /// <summary>The address of a new virtual host on the shared node.</summary>
    public static async Task<string> NewVirtualHostAsync() =>
        Environment.GetEnvironmentVariable("SAGA_TEST_RABBITMQ") is { Length: > 0 } given ? given : await (await Shared.Value).AddVirtualHostAsync();

    /// <summary>
    /// The number of messages of a virtual host on the shared node that were delivered and are not acknowledged now. It asks the channels,
    /// because a quorum queue's own number is up to five seconds old.
    /// </summary>
    public static async Task<int> UnacknowledgedAsync(string address)
    {
        var host = new Uri(address).AbsolutePath.TrimStart('/');
        var lines = await (await Shared.Value).ControlAsync("list_channels", "--no-table-headers", "vhost", "messages_unacknowledged");
        return lines.Split('\n').Select(l => l.Split('\t', StringSplitOptions.TrimEntries)).Where(l => l[0] == host).Sum(l => int.Parse(l[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The caller's own node, which it may stop and restart.</summary>
    public static async Task<RabbitServer> StartAsync()
    {
        if (!File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server"))
            throw new InvalidOperationException("RabbitMQ is not installed: apt-get install rabbitmq-server.");
        var port = FreePorts.Next();
        var server = new RabbitServer(Directory.CreateTempSubdirectory("saga-test-rabbit-").FullName, port, FreePorts.Next());
        AtEnd.Do(() =>
        {
            server.Kill();
            Directory.Delete(server.folder, recursive: true);
        });
        await server.UpAsync();
        return server;
    }

    /// <summary>The AMQP address of a new virtual host.</summary>
    public async Task<string> AddVirtualHostAsync()
    {
        await making.WaitAsync();
        string? name;
        try
        {
            if (!made.TryDequeue(out name))
            {
                await CreateAsync();
                name = made.Dequeue();
            }
        }
        finally
        {
            making.Release();
        }

        return string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@{hostName}:{Port}/{name}");
    }

    /// <summary>Starts the node, on the same port and with its former data.</summary>
    public async Task UpAsync()
    {
        process = Process.Start(Program("setsid", "/usr/lib/rabbitmq/bin/rabbitmq-server")) ?? throw new InvalidOperationException("rabbitmq-server did not start.");
        Watchdog.Watch(process.Id, folder: folder);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ControlAsync("await_startup");
    }

    /// <summary>Kills the node, like a crash.</summary>
    public void Kill()
    {
        if (process is not { HasExited: false })
            return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        Watchdog.Forget(process.Id);
    }

    /// <summary>Runs <c>rabbitmqctl</c>, and returns what it prints.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        if (container is not null)
            return await container.ControlAsync(arguments);
        var start = Program("/usr/lib/rabbitmq/bin/rabbitmqctl");
        foreach (var argument in (string[])["-q", "-n", node, .. arguments])
            start.ArgumentList.Add(argument);
        for (var tries = 0; ; tries++)
        {
            using var control = Process.Start(start)!;
            var output = control.StandardOutput.ReadToEndAsync();
            var error = await control.StandardError.ReadToEndAsync();
            await control.WaitForExitAsync();
            if (control.ExitCode == 0)
                return await output;
            // The node's name is not registered yet while it boots.
            if (tries > 40 || process is not { HasExited: false })
                throw new InvalidOperationException($"rabbitmqctl {string.Join(' ', arguments)} failed: {await output} {error}");
        }
    }

    private static async Task<RabbitServer> StartSharedAsync() =>
        await TestServers.AreContainersAsync() ? new RabbitServer(await RabbitContainer.StartAsync()) : await StartAsync();

    private async Task CreateAsync()
    {
        var (first, last) = (count + 1, count + Batch);
        await ControlAsync("eval", string.Create(CultureInfo.InvariantCulture, $$"""
            [begin
                Name = list_to_binary("test" ++ integer_to_list(N)),
                ok = rabbit_vhost:add(Name, <<"test">>),
                ok = rabbit_auth_backend_internal:set_permissions(<<"guest">>, Name, <<".*">>, <<".*">>, <<".*">>, <<"test">>)
            end || N <- lists:seq({{first}}, {{last}})].
            """));
        for (count = last; first <= last; first++)
            made.Enqueue(string.Create(CultureInfo.InvariantCulture, $"test{first}"));
    }

    private ProcessStartInfo Program(string path, params string[] arguments)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        MachineSettings.KeepFrom(start, folder);
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        start.Environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] += " +S 2:2";
        return start;
    }
}
