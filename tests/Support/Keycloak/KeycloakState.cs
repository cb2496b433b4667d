namespace Saga.Tests.Support.Keycloak;

public sealed record StubOrganization
{
    public required string Id { get; init; }

    public required string Alias { get; init; }

    public required string Name { get; set; }

    public bool Enabled { get; set; } = true;

    public string? Description { get; set; }

    public string? RedirectUrl { get; set; }

    public Dictionary<string, List<string>> Attributes { get; set; } = [];

    public List<StubDomain> Domains { get; set; } = [];

    /// <summary>Ids of users, in the order in which they joined.</summary>
    public List<string> Members { get; } = [];

    public List<StubGroup> Groups { get; } = [];

    /// <summary>The members of the group <c>tenant-admin</c>.</summary>
    public IReadOnlyCollection<string> Administrators => Groups.Find(g => g.Name == "tenant-admin")?.Members ?? [];
}

/// <summary>A top-level group of an organisation. Its members, by id, are members of the organisation.</summary>
public sealed record StubGroup(string Id, string Name)
{
    public HashSet<string> Members { get; } = new(StringComparer.Ordinal);
}

public sealed record StubDomain(string Name, bool Verified);

public sealed record StubUser
{
    public required string Id { get; init; }

    public required string Username { get; init; }

    public string? Email { get; init; }

    public string? FirstName { get; init; }

    public string? LastName { get; init; }

    public bool EmailVerified { get; init; }

    public bool Enabled { get; set; } = true;

    public Dictionary<string, List<string>> Attributes { get; init; } = [];

    public List<string> RequiredActions { get; init; } = [];

    public HashSet<string> Roles { get; } = new(StringComparer.Ordinal);

    /// <summary>Roles of clients, each as <c>client/role</c>.</summary>
    public HashSet<string> ClientRoles { get; } = new(StringComparer.Ordinal);

    /// <summary>Aliases of the identity providers that the user is linked to.</summary>
    public HashSet<string> Links { get; } = new(StringComparer.Ordinal);

    /// <summary>Groups of the realm, which are not those of an organisation.</summary>
    public HashSet<string> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Accepted action mails, each with its actions.</summary>
    public List<IReadOnlyList<string>> Mails { get; } = [];
}

public sealed record StubRole(string Id, string Name, string? Description);

/// <summary>An event that the realm has saved. Keycloak's name of a user who does not exist is in the details, which the stub leaves out.</summary>
public sealed record StubEvent(string Id, long Time, string Type, string ClientId, string? UserId = null, string? IpAddress = null, string? Error = null);

/// <summary>A call that reached the stub.</summary>
public sealed record StubCall(string Method, string Route, string Path, int Status);
