using System.Text;
using System.Text.RegularExpressions;
using Saga.Registry.Tenants;

namespace Saga.Workers.Notification;

/// <summary>
/// How the platform's mails call a tenant. The name comes from the customer, and mail programs turn addresses in it into links. A stranger
/// could name a tenant "Your account is locked, see evil.example" and have the platform mail that to anyone.
/// </summary>
internal static partial class MailName
{
    /// <summary>The tenant's name on one line; its slug when the name contains an address.</summary>
    public static string Of(Tenant tenant)
    {
        var line = OneLine(tenant.Name);
        return line.Length == 0 || Address().IsMatch(line) ? tenant.Slug.ToString() : line;
    }

    // A line break in the subject would start a new header.
    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
            line.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        return line.ToString().Trim();
    }

    // A scheme, a mailbox, a www host, a host with any of the dots that IDNA knows, or an IPv4 address.
    [GeneratedRegex(@"://|[a-z]+:[/\\]|mailto:|tel:|@|\bwww[.\u3002\uff0e\uff61]|[\p{L}\p{N}-][.\u3002\uff0e\uff61][\p{L}\p{N}-]{2,}|\b\d+\.\d+\.\d+\.\d+", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Address();
}
