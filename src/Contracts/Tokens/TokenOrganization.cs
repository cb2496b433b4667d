namespace Saga.Contracts.Tokens;

/// <summary>One of the organisations that a token names as its subject's.</summary>
/// <param name="Alias">The tenant's slug.</param>
/// <param name="Id">The organisation's id in the identity provider, if the token has it.</param>
/// <param name="Groups">The subject's groups in this organisation, as full paths such as <c>/tenant-admin</c>.</param>
public sealed record TokenOrganization(string Alias, string? Id, IReadOnlyList<string> Groups)
{
    /// <summary>
    /// The group whose members administer the tenant. Only the full path counts: a group of the same name below another group
    /// is another group.
    /// </summary>
    public const string Administrators = "/tenant-admin";

    /// <summary>Whether the subject administers this organisation's tenant. It says nothing about other organisations.</summary>
    public bool Administers => Groups.Contains(Administrators, StringComparer.Ordinal);
}
