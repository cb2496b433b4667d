using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Adopt;

/// <summary>The rules for the users of an adoption. Pure: whether they exist is looked up by a step.</summary>
internal static class AdoptedUsersRule
{
    /// <summary>The most addresses in one command, all of which fit into the largest body.</summary>
    public const int Most = 1_000;

    private const string List = "list";
    private const string Realm = "realm";

    /// <param name="users">As received.</param>
    /// <param name="administrator">The administrator's address, who is a user too; null when it is wrong.</param>
    /// <param name="maxUsers">The tenant's own limit of users; null for the plan's.</param>
    /// <param name="plan">The plan; null when it does not exist.</param>
    /// <param name="errors">Gets every broken rule.</param>
    public static ValidAdoptedUsers? Check(AdoptedUsers? users, string? administrator, int? maxUsers, Plan? plan, List<FieldError> errors)
    {
        if (users is null)
            return null;
        if (users.From is not (List or Realm))
            errors.Add(new("/users/from", "must be list, with emails, or realm, with emailDomain"));
        if (users is { From: List, EmailDomain: not null })
            errors.Add(new("/users/emailDomain", "must be absent: the users are listed"));
        if (users is { From: Realm, Emails: not null })
            errors.Add(new("/users/emails", "must be absent: the users are those of emailDomain"));
        return users.From switch
        {
            List => new(ListOf(users.Emails, administrator, maxUsers, plan, errors), null),
            Realm => new(null, DomainOf(users.EmailDomain, errors)),
            _ => null,
        };
    }

    private static List<string> ListOf(IReadOnlyList<string>? emails, string? administrator, int? maxUsers, Plan? plan, List<FieldError> errors)
    {
        var found = new List<string>();
        if (emails is not { Count: > 0 and <= Most })
        {
            errors.Add(new("/users/emails", "must be a list of 1 to 1000 addresses"));
            return found;
        }

        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, email) in emails.Index())
        {
            if (email is null || EmailAddress.Normalize(email) is not { } address)
                errors.Add(new(string.Create(CultureInfo.InvariantCulture, $"/users/emails/{index}"), $"must be {EmailAddress.Rule}"));
            else if (known.Add(address))
                found.Add(address);
        }

        var members = found.Count + (administrator is not null && !known.Contains(administrator) ? 1 : 0);
        if ((maxUsers ?? plan?.Limits.Users) is { } most && members > most)
            errors.Add(new("/users/emails", string.Create(CultureInfo.InvariantCulture, $"has {members} users with the administrator, and the tenant may have {most}")));
        return found;
    }

    private static string? DomainOf(string? text, List<FieldError> errors)
    {
        var domain = text is null ? null : DomainName.Normalize(text);
        if (domain is null)
            errors.Add(new("/users/emailDomain", $"must be {DomainName.Rule}"));
        return domain;
    }
}
