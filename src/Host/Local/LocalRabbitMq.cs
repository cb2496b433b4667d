using System.Globalization;
using Saga.Host.Embedded;
using Saga.Host.Startup;

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

    public static async Task<LocalRabbitMq> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        var folder = data.Folder("rabbitmq");
        var password = data.Secret("rabbitmq-password", Convert.ToHexStringLower);
        await OwnerOnlyFile.WriteAsync(Path.Combine(folder, "rabbitmq.conf"), $"default_user = {User}\ndefault_pass = {password}\nlog.console = true\nlog.file = false\n");
        await OwnerOnlyFile.WriteAsync(Path.Combine(folder, "plugins"), "[].\n");
        await OwnerOnlyFile.WriteAsync(Path.Combine(folder, "env"), "");
        // Checked before anything starts that would have to be stopped again. Debian's wrapper in PATH insists on its own user; the
        // program behind it does not.
        var program = Programs.Require("rabbitmq-server", "rabbitmq-server", "/usr/lib/rabbitmq/bin");
        var epmd = Programs.Require("epmd", "erlang-base");
        var (mapperPort, port, peerPort) = (LocalPorts.Free(), LocalPorts.Free(), LocalPorts.Free());
        var names = await LocalProcess.StartAsync("epmd", data.Folder("rabbitmq/epmd"),
            [epmd, "-address", "127.0.0.1", "-port", Text(mapperPort)]);
        var broker = await LocalProcess.StartAsync("RabbitMQ", folder, [program], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = folder,
            ["ERL_EPMD_PORT"] = Text(mapperPort),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "env"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
            ["RABBITMQ_NODENAME"] = "saga@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Text(port),
            ["RABBITMQ_DIST_PORT"] = Text(peerPort),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = folder,
        });
        var started = new LocalRabbitMq(names, broker, $"amqp://{User}:{password}@127.0.0.1:{Text(port)}");
        try
        {
            await broker.ListensAsync(port, cancellationToken);
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
