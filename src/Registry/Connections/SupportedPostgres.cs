namespace Saga.Registry.Connections;

/// <summary>The versions of PostgreSQL that Saga works with, for the registry and for the tenants' servers.</summary>
public static class SupportedPostgres
{
    /// <summary>
    /// The oldest major version that the tests run on. Before it, every login may create objects in the schema <c>public</c> of a new
    /// database, and SET on a parameter cannot be granted.
    /// </summary>
    public const int Oldest = 15;

    /// <summary>Why a server of this version is refused, in words for the operator; null when it is supported.</summary>
    /// <param name="section">The configuration section of the server, such as <c>Saga:Registry</c>.</param>
    /// <param name="version">The server's version, as it reports it when a connection opens.</param>
    public static string? Refusal(string section, Version version) => version.Major >= Oldest
        ? null
        : $"{section}:ConnectionString: the server is PostgreSQL {version}, and Saga needs PostgreSQL {Oldest} or newer. Upgrade the server, or name another.";
}
