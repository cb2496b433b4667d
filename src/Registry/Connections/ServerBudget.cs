namespace Saga.Registry.Connections;

/// <summary>The budget of this process for connections to one PostgreSQL server.</summary>
/// <param name="Server">The configuration section of the server, such as <c>Saga:Registry</c>.</param>
/// <param name="Connections">The most connections at once.</param>
/// <param name="Identify">
/// Queries the server's identity, within the budget. Null if this process cannot query it and other processes of the installation do.
/// </param>
public sealed record ServerBudget(string Server, int Connections, Func<CancellationToken, Task<ServerIdentity>>? Identify = null);
