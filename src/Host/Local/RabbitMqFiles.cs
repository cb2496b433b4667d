using System.Globalization;
using Saga.Host.Embedded;

namespace Saga.Host.Local;

/// <summary>The files and the environment of a private RabbitMQ node. The node reads no file outside its folder.</summary>
public static class RabbitMqFiles
{
    /// <summary>Debian's wrapper in PATH insists on its own user; the program behind it does not.</summary>
    public const string Programs = "/usr/lib/rabbitmq/bin";

    /// <param name="folder">The node's folder.</param>
    /// <param name="node">Its name, such as <c>saga@localhost</c>.</param>
    /// <param name="port">The AMQP port on 127.0.0.1.</param>
    /// <param name="peers">The port for other nodes and for rabbitmqctl, on 127.0.0.1.</param>
    /// <param name="configuration">The lines of rabbitmq.conf.</param>
    public static Dictionary<string, string> Write(string folder, string node, int port, int peers, params string[] configuration)
    {
        OwnerOnlyFile.Replace(In("rabbitmq.conf"), string.Join('\n', configuration) + "\n");
        OwnerOnlyFile.Replace(In("advanced.config"), "[].\n");
        OwnerOnlyFile.Replace(In("plugins"), "[].\n");
        OwnerOnlyFile.Replace(In("env"), "");
        return new(StringComparer.Ordinal)
        {
            ["HOME"] = folder,
            ["RABBITMQ_CONF_ENV_FILE"] = In("env"),
            ["RABBITMQ_CONFIG_FILE"] = In("rabbitmq.conf"),
            ["RABBITMQ_CONFIG_FILES"] = In("conf.d/*.conf"),
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = In("advanced.config"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = In("plugins"),
            ["RABBITMQ_NODENAME"] = node,
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Text(port),
            ["RABBITMQ_DIST_PORT"] = Text(peers),
            // Its schedulers do not spin while they wait, because the node shares the machine (https://www.rabbitmq.com/docs/runtime#busy-waiting).
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
            ["RABBITMQ_MNESIA_BASE"] = In("mnesia"),
            ["RABBITMQ_LOG_BASE"] = folder,
            // The node replaces its start script, so that it gets the signals itself.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
        };

        string In(string name) => Path.Combine(folder, name);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
