using System.Text.RegularExpressions;

namespace Saga.Lifecycle.Intake;

/// <summary>
/// One plain mailbox without display name, comments or quoting, which every mail server and identity provider accepts. Keycloak refuses
/// a percent sign, so it is refused before the command is accepted.
/// </summary>
internal static partial class EmailAddress
{
    public const string Rule = "one e-mail address, such as ada@acme.com: at most 254 characters, no spaces, quotes, percent signs or line breaks";

    /// <returns>The address with its domain in lower case and punycode, or null.</returns>
    public static string? Normalize(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (text.EnumerateRunes().Count() > 254 || at is < 1 or > 64 || !LocalPart().IsMatch(text.AsSpan(0, at)))
            return null;
        var address = DomainName.Normalize(text[(at + 1)..]) is { } domain ? $"{text[..at]}@{domain}" : null;
        return address is { Length: <= 254 } ? address : null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+)*\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex LocalPart();
}
