using System.Text.Json.Serialization;

namespace Saga.Workers.Identity.Keycloak;

// The parts of Keycloak's representations that this system reads and creates. Updates do not use them: PUT replaces the
// resource, so an update sends back everything that was read.
internal sealed record OrganizationRepresentation
{
    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? Alias { get; init; }

    public bool? Enabled { get; init; }

    public string? Description { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Attributes { get; init; }

    public IReadOnlyList<DomainRepresentation>? Domains { get; init; }
}

internal sealed record DomainRepresentation(string Name, bool Verified = false);

internal sealed record UserRepresentation
{
    public string? Id { get; init; }

    public string? Username { get; init; }

    public string? Email { get; init; }

    public string? FirstName { get; init; }

    public string? LastName { get; init; }

    public bool? EmailVerified { get; init; }

    public bool? Enabled { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Attributes { get; init; }

    public IReadOnlyList<string>? RequiredActions { get; init; }
}

internal sealed record EventRepresentation
{
    [JsonRequired]
    public string Id { get; init; } = "";

    /// <summary>Milliseconds since 1970.</summary>
    public long Time { get; init; }

    public string? Type { get; init; }

    public string? UserId { get; init; }

    public string? IpAddress { get; init; }

    public string? Error { get; init; }
}

internal sealed record MemberRepresentation([property: JsonRequired] string Id);

internal sealed record GroupRepresentation
{
    public string? Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Such as <c>/tenant-admin</c>: names are unique among siblings only.</summary>
    public string? Path { get; init; }
}

internal sealed record RoleMappingsRepresentation
{
    public IReadOnlyList<RoleRepresentation>? RealmMappings { get; init; }

    /// <summary>Roles of clients, by the client.</summary>
    public IReadOnlyDictionary<string, object>? ClientMappings { get; init; }
}

internal sealed record RoleRepresentation
{
    public string? Id { get; init; }

    public required string Name { get; init; }
}
