namespace Saga.Contracts.Commands;

/// <summary>Which users of the identity provider become members of an adopted tenant's organisation. They must exist.</summary>
public sealed record AdoptedUsers
{
    /// <summary>list or realm.</summary>
    public required string From { get; init; }

    /// <summary>With list: 1 to 1,000 addresses. Each must be that of an enabled user who has verified it.</summary>
    public IReadOnlyList<string>? Emails { get; init; }

    /// <summary>With realm: every enabled user with a verified address in this domain.</summary>
    public string? EmailDomain { get; init; }
}
