namespace Saga.Registry.Connections;

/// <summary>What one process may use of one PostgreSQL server.</summary>
/// <param name="Server">The section of the configuration that leads there.</param>
/// <param name="Connections">Its budget.</param>
/// <param name="Identity">Which server it is; null while nobody could ask.</param>
public sealed record ServerUse(string Server, int Connections, ServerIdentity? Identity = null);
