namespace Saga.Workers.Identity.Embedded;

// Dapper reads arrays into properties, not into constructors.

/// <summary>A row of <c>embedded_identity.organizations</c> with its domains.</summary>
internal sealed class OrganizationRow
{
    public Guid Tenant { get; init; }

    public string Id { get; init; } = "";

    public string Alias { get; init; } = "";

    public string Name { get; init; } = "";

    public bool Enabled { get; init; }

    public string? Description { get; init; }

    public string[] Domains { get; init; } = [];
}

/// <summary>A row of <c>embedded_identity.users</c>.</summary>
internal sealed class UserRow
{
    public string Id { get; init; } = "";

    public string Email { get; init; } = "";

    public Guid? MadeFor { get; init; }

    public bool Enabled { get; init; }

    public bool EmailVerified { get; init; }

    public string[] RequiredActions { get; init; } = [];
}
