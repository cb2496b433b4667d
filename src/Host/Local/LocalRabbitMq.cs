using System.Globalization;
using Saga.Host.Embedded;
using Saga.Host.Processes;

namespace Saga.Host.Local;

/// <summary>A RabbitMQ node with its own port mapper. It shares nothing with another broker on the machine and keeps no data.</summary>
internal sealed class LocalRabbitMq : IAsyncDisposable
{
    private const string User = "saga";
    private readonly LocalProcess mapper;
    private readonly LocalProcess node;

    private LocalRabbitMq(LocalProcess mapper, LocalProcess node, string address)
    {
        this.mapper = mapper;
        this.node = node;
        Address = address;
    }

    /// <summary>The AMQP address with user and password.</summary>
    public string Address { get; }

    public IReadOnlyCollection<IPrivateServer> Servers => [mapper, node];

    public static async Task<LocalRabbitMq> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        var folder = data.Folder("rabbitmq");
        await LocalProcess.EndLeftOversAsync(folder);
        var made = Path.Combine(folder, "made");
        // The leftovers of an incomplete first start are not worth keeping.
        if (!File.Exists(made) && Directory.Exists(Path.Combine(folder, "mnesia")))
            Directory.Delete(Path.Combine(folder, "mnesia"), recursive: true);
        var password = data.Secret("rabbitmq-password", Convert.ToHexStringLower);
        // Checked before anything starts that would have to be stopped again.
        var program = Programs.Require("rabbitmq-server", "rabbitmq-server", RabbitMqFiles.Programs);
        var epmd = Programs.Require("epmd", "erlang-base");
        var (mapperPort, port, peerPort) = (LocalPorts.Free(), LocalPorts.Free(), LocalPorts.Free());
        var environment = RabbitMqFiles.Write(folder, "saga@localhost", port, peerPort,
            $"default_user = {User}", $"default_pass = {password}", "log.console = true", "log.file = false");
        environment["ERL_EPMD_PORT"] = Text(mapperPort);
        environment["ERL_EPMD_ADDRESS"] = "127.0.0.1";
        var names = await LocalProcess.StartAsync("epmd", data.Folder("rabbitmq/epmd"),
            [epmd, "-address", "127.0.0.1", "-port", Text(mapperPort)]);
        var broker = await LocalProcess.StartAsync("RabbitMQ", folder, [program], environment);
        var started = new LocalRabbitMq(names, broker, $"amqp://{User}:{password}@127.0.0.1:{Text(port)}");
        try
        {
            await names.ListensAsync(mapperPort, cancellationToken);
            await broker.ListensAsync(port, cancellationToken);
            await File.WriteAllTextAsync(made, "", cancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        await mapper.DisposeAsync();
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
