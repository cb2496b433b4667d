namespace Saga.Registry.Connections;

/// <summary>The connections that one process may open to one PostgreSQL server.</summary>
/// <param name="Server">The configuration section with the server's connection string.</param>
/// <param name="Connections">Its budget.</param>
/// <param name="Identity">The server's identity; null while this process does not know it.</param>
public sealed record ServerUse(string Server, int Connections, ServerIdentity? Identity = null);
