namespace Saga.Registry.Placements;

/// <summary>A PostgreSQL server that tenants may be placed on, without secrets.</summary>
public sealed record DatabaseServer
{
    public required string Name { get; init; }

    public required string Region { get; init; }

    /// <summary>The host for tenants' own connections.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>The most tenants of any tier.</summary>
    public required int MaxTenants { get; init; }

    /// <summary>The most schema-tier tenants in one shared database.</summary>
    public required int MaxSchemasPerDatabase { get; init; }

    /// <summary>Its streaming replicas, by name.</summary>
    public IReadOnlyList<ServerReplica> Replicas { get; init; } = [];
}
