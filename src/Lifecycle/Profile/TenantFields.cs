using System.Text.RegularExpressions;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;

namespace Saga.Lifecycle.Profile;

/// <summary>
/// The rules for the fields of a tenant, the same when it is provisioned and when it is updated. Each returns the value as it is stored,
/// or adds an error. Pure.
/// </summary>
internal static partial class TenantFields
{
    public const int MaxNameLength = 200;
    public const int MaxDescriptionLength = 255;

    public static string? Name(string? text, List<FieldError> errors)
    {
        var name = text?.Trim();
        // Characters are counted as in the OpenAPI document, where one outside the basic plane is one, as received.
        if (name is not { Length: > 0 } || text!.EnumerateRunes().Count() > MaxNameLength || !StorableText.IsOneLine(name) || !VisibleText.IsClear(name))
            errors.Add(new("/name", $"must be 1 to {MaxNameLength} characters on one line, without control characters and invisible characters"));
        else if (VisibleText.HasMarkup(name))
            errors.Add(new("/name", "must not contain markup, such as <b>"));
        else
            return name;
        return null;
    }

    public static string? Description(string? text, List<FieldError> errors)
    {
        if (text?.Trim() is not { } description)
            return null;
        if (description.Length == 0 || text.EnumerateRunes().Count() > MaxDescriptionLength || !StorableText.IsOneLine(description))
            errors.Add(new("/description", $"must be 1 to {MaxDescriptionLength} characters on one line, without control characters"));
        else if (VisibleText.HasMarkup(description))
            errors.Add(new("/description", "must not contain markup, such as <b>"));
        else
            return description;
        return null;
    }

    public static string? Email(string? text, List<FieldError> errors)
    {
        var address = text is null ? null : EmailAddress.Normalize(text);
        if (address is null)
            errors.Add(new("/adminEmail", $"must be {EmailAddress.Rule}"));
        return address;
    }

    public static string? Phone(string? text, List<FieldError> errors)
    {
        if (text is not null && !E164().IsMatch(text))
            errors.Add(new("/phone", "must be a number in the form of E.164, such as +493012345678: a plus sign and 7 to 15 digits, the first not 0"));
        return text;
    }

    public static string? Domain(string? text, List<FieldError> errors)
    {
        var domain = text is null ? null : DomainName.Normalize(text);
        if (text is not null && domain is null)
            errors.Add(new("/domain", $"must be {DomainName.Rule}"));
        return domain;
    }

    public static string? Subdomain(string text, ReservedNames reserved, List<FieldError> errors)
    {
        var label = text.ToLowerInvariant();
        if (!DomainName.IsLabel(label))
            errors.Add(new("/subdomain", "must be one DNS label: 1 to 63 characters a-z, 0-9 and inner hyphens"));
        else if (reserved.RefuseSubdomain(label) is { } reason)
            errors.Add(new("/subdomain", reason));
        else
            return label;
        return null;
    }

    public static string? Region(string? text, List<FieldError> errors)
    {
        if (text is not null && !IsLowerCaseName(text))
            errors.Add(new("/region", "must be 1 to 63 characters a-z, 0-9 and '-'"));
        return text;
    }

    public static string Timezone(string? text, List<FieldError> errors)
    {
        var timezone = text ?? TimezoneName.Default;
        if (!TimezoneName.IsKnown(timezone))
            errors.Add(new("/timezone", $"must be {TimezoneName.Rule}"));
        return timezone;
    }

    public static bool IsLowerCaseName(string text) => LowerCaseName().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9-]{1,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex LowerCaseName();

    [GeneratedRegex(@"\A\+[1-9][0-9]{6,14}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex E164();
}
