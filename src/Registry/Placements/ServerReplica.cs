namespace Saga.Registry.Placements;

/// <summary>A streaming replica of a database server.</summary>
/// <param name="Name">Its name, unique for the server.</param>
/// <param name="Host">The host for tenants' own connections.</param>
/// <param name="Port">The port for them.</param>
/// <param name="Zone">Where it is, in the operator's words; null when nothing was said.</param>
public sealed record ServerReplica(string Name, string Host, int Port, string? Zone);
