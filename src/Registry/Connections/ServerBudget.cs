namespace Saga.Registry.Connections;

/// <summary>Connections that this process may open to one PostgreSQL server.</summary>
/// <param name="Server">The section of the configuration that leads there, such as <c>Saga:Registry</c>.</param>
/// <param name="Connections">At most so many at once.</param>
/// <param name="Identify">
/// Asks the server which it is, within the budget; null when this process has no way to ask, and others of the installation know.
/// </param>
public sealed record ServerBudget(string Server, int Connections, Func<CancellationToken, Task<ServerIdentity>>? Identify = null);
