using System.Text.Json;

namespace Saga.Workers.Identity.Keycloak.Check;

// The parts of Keycloak's representations that the check reads.
internal sealed record ServerInfoRepresentation
{
    /// <summary>Absent unless the caller has manage-realm.</summary>
    public SystemInfoRepresentation? SystemInfo { get; init; }

    /// <summary>By protocol.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<MapperTypeRepresentation>>? ProtocolMapperTypes { get; init; }
}

internal sealed record SystemInfoRepresentation(string? Version);

internal sealed record MapperTypeRepresentation(string? Id);

internal sealed record RealmRepresentation(bool? OrganizationsEnabled);

internal sealed record UserProfileRepresentation
{
    public IReadOnlyList<ProfileAttributeRepresentation>? Attributes { get; init; }

    /// <summary>Absent when undeclared attributes are dropped.</summary>
    public string? UnmanagedAttributePolicy { get; init; }
}

internal sealed record ProfileAttributeRepresentation(string? Name, ProfilePermissionsRepresentation? Permissions);

internal sealed record ProfilePermissionsRepresentation(IReadOnlyList<string>? View, IReadOnlyList<string>? Edit);

internal sealed record ClientScopeRepresentation(string? Name, IReadOnlyList<MapperRepresentation>? ProtocolMappers);

internal sealed record MapperRepresentation(string? Name, string? ProtocolMapper, IReadOnlyDictionary<string, JsonElement>? Config)
{
    public string? Setting(string key) => Config?.TryGetValue(key, out var value) == true && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
