using System.Net;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Saga.Hosting.Startup;

namespace Saga.Host.Startup;

/// <summary>
/// Which adapters may be combined. Embedded adapters are for one user on one machine. They are refused together with adapters of
/// real systems, and where another machine could reach them.
/// </summary>
public static class ModeRules
{
    public const string ModeKey = "Saga:Mode";
    public const string AddressKey = "Saga:Api:Address";
    public const string IdentityKey = "Saga:Identity:Adapter";
    public const string EmbeddedIdentity = "embedded";
    internal const string RegistryKey = "Saga:Registry:ConnectionString";

    private static readonly Port[] Ports =
    [
        new("Saga:Bus:Adapter", Embedded: ["inmemory"], Local: ["rabbitmq"], Real: ["rabbitmq"]),
        new(IdentityKey, Embedded: [EmbeddedIdentity], Local: [EmbeddedIdentity, "keycloak"], Real: ["keycloak"]),
        new("Saga:Storage:Adapter", Embedded: ["folder"], Local: ["s3"], Real: ["s3"]),
        new("Saga:Cache:Adapter", Embedded: ["inprocess"], Local: ["redis"], Real: ["redis"]),
        new("Saga:Mail:Adapter", Embedded: ["folder"], Local: ["folder", "smtp"], Real: ["smtp"]),
    ];

    private static readonly string[] StartedHere = ["Saga:Bus:RabbitMq", "Saga:Cache:Redis:ConnectionString", "Saga:Storage:S3:ServiceUrl"];

    /// <param name="configuration">The configuration.</param>
    /// <param name="also">Other faults, to report together with a wrong mode.</param>
    /// <exception cref="StartException">The value is not a mode.</exception>
    public static HostMode Mode(IConfiguration configuration, IReadOnlyList<string>? also = null) => configuration[ModeKey] switch
    {
        null or "" => HostMode.Embedded,
        var text when Enum.TryParse<HostMode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode) && !char.IsDigit(text[0]) => mode,
        var text => throw new StartException([$"{ModeKey} is '{text}'. It must be embedded (the default), local or real.", .. also ?? []]),
    };

    /// <summary>The default adapters of a mode, by key.</summary>
    public static Dictionary<string, string?> Defaults(HostMode mode) =>
        Ports.ToDictionary(p => p.Key, p => (string?)p.Allowed(mode)[0], StringComparer.OrdinalIgnoreCase);

    /// <summary>Every rule that the configuration breaks; empty when the host may start.</summary>
    public static IReadOnlyList<string> Broken(HostMode mode, IConfiguration configuration)
    {
        var broken = new List<string>();
        foreach (var port in Ports)
        {
            var allowed = port.Allowed(mode);
            if (configuration[port.Key] is { Length: > 0 } adapter && !allowed.Contains(adapter, StringComparer.OrdinalIgnoreCase))
            {
                broken.Add($"{port.Key} is '{adapter}', but {ModeKey} '{Name(mode)}' allows only {string.Join(" or ", allowed)}."
                    + (mode != HostMode.Real && port.Real.Contains(adapter, StringComparer.OrdinalIgnoreCase) ? $" Set {ModeKey} to real and configure every external system." : ""));
            }
        }

        if (configuration[AddressKey] is { Length: > 0 } address)
        {
            if (mode != HostMode.Real && !IsLoopback(address))
            {
                broken.Add($"{AddressKey} is '{address}', but in {ModeKey} '{Name(mode)}' it must be an address and port of this machine, such as http://127.0.0.1:5080: "
                + "embedded adapters are not secure enough for other machines to reach them.");
            }
            else if (ListenAddress.Parse(address) is null)
            {
                broken.Add($"{AddressKey} is '{address}'. It must be a scheme, a host and a port, such as http://0.0.0.0:5080.");
            }
            else if (ListenAddress.Parse(address) is { Scheme: "https" } && !configuration.GetSection("Kestrel:Certificates:Default").GetChildren().Any())
            {
                broken.Add($"{AddressKey} is https, so it needs a certificate: set Kestrel:Certificates:Default:Path and :Password or :KeyPath, or listen on http behind a proxy that ends TLS.");
            }
        }
        else if (mode == HostMode.Real)
        {
            broken.Add($"{AddressKey} must be the address to listen on, such as http://0.0.0.0:5080.");
        }

        if (mode == HostMode.Local)
        {
            broken.AddRange(StartedHere.Where(key => !string.IsNullOrEmpty(configuration[key]))
                .Select(key => $"{key} must not be set in {ModeKey} 'local', which starts this server itself. Set {ModeKey} to real and configure every external system."));
        }

        if (mode != HostMode.Real)
        {
            broken.AddRange(Clusters(configuration).Where(c => !IsOfThisMachine(c.ConnectionString))
                .Select(c => $"{c.Key} must name a PostgreSQL on this machine in {ModeKey} '{Name(mode)}', such as Host=127.0.0.1 or Host=/var/run/postgresql: "
                    + "embedded adapters must not be combined with real systems."));
        }

        // It would open addresses other than the one checked above.
        if (mode != HostMode.Real && configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            broken.Add($"Kestrel:Endpoints must not be set in {ModeKey} '{Name(mode)}': the address is {AddressKey}.");
        return broken;
    }

    private static string Name(HostMode mode) => mode.ToString().ToLowerInvariant();

    private static IEnumerable<(string Key, string ConnectionString)> Clusters(IConfiguration configuration) =>
        configuration.GetSection("Saga:Databases:Servers").GetChildren()
            .Select(s => (Key: $"{s.Path}:ConnectionString", ConnectionString: s["ConnectionString"] ?? ""))
            .Prepend((RegistryKey, configuration[RegistryKey] ?? ""))
            .Where(c => c.Item2.Length > 0);

    // The value may list several hosts, each with a port. A path is a socket's folder.
    private static bool IsOfThisMachine(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString).Host is { Length: > 0 } hosts && hosts.Split(',').Select(h => h.Trim()).All(host =>
                host is ['/' or '@', ..] || (IPAddress.TryParse(host, out var bare) && IPAddress.IsLoopback(bare)) || (Uri.TryCreate($"tcp://{host}", UriKind.Absolute, out var uri)
                    && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))));
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsLoopback(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        && uri.Port != 0 && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    private sealed record Port(string Key, string[] Embedded, string[] Local, string[] Real)
    {
        public string[] Allowed(HostMode mode) => mode switch
        {
            HostMode.Embedded => Embedded,
            HostMode.Local => Local,
            _ => Real,
        };
    }
}
