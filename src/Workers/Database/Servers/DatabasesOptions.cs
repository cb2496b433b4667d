using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Saga.Workers.Database.Servers;

/// <summary>The PostgreSQL servers that hold tenants' data. Section <c>Saga:Databases</c>.</summary>
public sealed class DatabasesOptions
{
    public const string Section = "Saga:Databases";

    /// <summary>Servers by name: a-z, 0-9 and '-', starting with a letter.</summary>
    public Dictionary<string, DatabaseServerOptions> Servers { get; set; } = new(StringComparer.Ordinal);
}

/// <summary>One server: <c>Saga:Databases:Servers:&lt;name&gt;</c>.</summary>
public sealed class DatabaseServerOptions
{
    public const int DefaultMaxTenants = 1000;
    public const int DefaultMaxSchemasPerDatabase = 500;

    /// <summary>The provisioner's Npgsql connection string, used only by workers and never stored. Its database is ignored.</summary>
    public string ConnectionString { get; set; } = "";

    public string Region { get; set; } = "default";

    public int MaxTenants { get; set; } = DefaultMaxTenants;

    public int MaxSchemasPerDatabase { get; set; } = DefaultMaxSchemasPerDatabase;

    /// <summary>The size of the warm pool: databases kept ready for new tenants of the database tier; 0 for none. Each takes the disk space of an empty tenant.</summary>
    public int WarmDatabases { get; set; } = 2;

    /// <summary>The host for tenants' own connections, if it differs from the connection string's.</summary>
    public string? PublicHost { get; set; }

    public int? PublicPort { get; set; }

    /// <summary>Its streaming replicas by name, on which tenants may have a read-only login: a-z, 0-9 and '-', starting with a letter.</summary>
    public Dictionary<string, DatabaseReplicaOptions> Replicas { get; set; } = new(StringComparer.Ordinal);
}

/// <summary>One streaming replica of a server: <c>Saga:Databases:Servers:&lt;name&gt;:Replicas:&lt;replica&gt;</c>. Logins and passwords are the server's.</summary>
public sealed class DatabaseReplicaOptions
{
    public const int DefaultPort = 5432;

    public string Host { get; set; } = "";

    public int Port { get; set; } = DefaultPort;

    /// <summary>The host for tenants' own connections, if it is another one.</summary>
    public string? PublicHost { get; set; }

    public int? PublicPort { get; set; }

    /// <summary>Where it is, for people.</summary>
    public string? Zone { get; set; }
}

internal sealed partial class DatabasesOptionsValidation : IValidateOptions<DatabasesOptions>
{
    public ValidateOptionsResult Validate(string? name, DatabasesOptions options)
    {
        var errors = options.Servers.SelectMany(s => Errors(s.Key, s.Value)).ToList();
        if (options.Servers.Count == 0)
            errors.Add("Saga:Databases:Servers must name at least one server, such as Saga:Databases:Servers:main:ConnectionString.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(string name, DatabaseServerOptions server)
    {
        var key = $"Saga:Databases:Servers:{name}";
        if (!Name().IsMatch(name))
            yield return $"{key}: a server's name is 1 to 40 characters, a-z, 0-9 and '-', starting with a letter.";
        if (!HasHost(server.ConnectionString))
            yield return $"{key}:ConnectionString must be the provisioner's Npgsql connection string, with Host, Username and Password.";
        if (string.IsNullOrWhiteSpace(server.Region))
            yield return $"{key}:Region must not be empty.";
        if (server.MaxTenants < 0)
            yield return $"{key}:MaxTenants must be 0 or more.";
        if (server.MaxSchemasPerDatabase < 1)
            yield return $"{key}:MaxSchemasPerDatabase must be 1 or more.";
        if (server.WarmDatabases is < 0 or > 100)
            yield return $"{key}:WarmDatabases must be from 0 to 100.";
        if (server.PublicPort is < 1 or > 65535)
            yield return $"{key}:PublicPort must be a port, 1 to 65535.";
        foreach (var error in server.Replicas.SelectMany(r => ReplicaErrors($"{key}:Replicas:{r.Key}", r.Key, r.Value)))
            yield return error;
    }

    private static IEnumerable<string> ReplicaErrors(string key, string name, DatabaseReplicaOptions replica)
    {
        if (!Name().IsMatch(name))
            yield return $"{key}: a replica's name is 1 to 40 characters, a-z, 0-9 and '-', starting with a letter.";
        if (!IsHost(replica.Host))
            yield return $"{key}:Host must be the replica's host name or address.";
        if (replica.Port is < 1 or > 65535)
            yield return $"{key}:Port must be a port, 1 to 65535.";
        if (replica.PublicHost is { } host && !IsHost(host))
            yield return $"{key}:PublicHost must be a host name or an address.";
        if (replica.PublicPort is < 1 or > 65535)
            yield return $"{key}:PublicPort must be a port, 1 to 65535.";
        if (replica.Zone is { } zone && (zone.Length is 0 or > 63 || zone.Any(char.IsControl)))
            yield return $"{key}:Zone must be 1 to 63 characters on one line.";
    }

    // A list of hosts would be several servers.
    private static bool IsHost(string text) => text.Length > 0 && !text.Any(c => c is ',' || char.IsWhiteSpace(c));

    private static bool HasHost(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text) is { Host.Length: > 0, Username.Length: > 0 };
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,39}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Name();
}
