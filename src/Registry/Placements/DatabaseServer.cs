namespace Saga.Registry.Placements;

/// <summary>A PostgreSQL server that tenants may be placed on, without secrets.</summary>
public sealed record DatabaseServer
{
    public required string Name { get; init; }

    public required string Region { get; init; }

    /// <summary>Where tenants' own connections go.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Tenants of any tier.</summary>
    public required int MaxTenants { get; init; }

    /// <summary>Schema-tier tenants in one shared database.</summary>
    public required int MaxSchemasPerDatabase { get; init; }
}
