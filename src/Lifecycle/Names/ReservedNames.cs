using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Saga.Lifecycle.Names;

/// <summary>
/// Names that no tenant may have as its slug or subdomain, because a program would take them for something else: a host of the
/// product's domain, a word of the API's paths, an id, or an encoded international name. Thread-safe.
/// </summary>
public sealed partial class ReservedNames(IEnumerable<string> reserved, IEnumerable<string> released)
{
    private readonly FrozenSet<string> names = Defaults.Except(released, StringComparer.Ordinal).Concat(reserved).Concat(ApiWords).ToFrozenSet(StringComparer.Ordinal);

    public ReservedNames(IOptions<NamesOptions> options)
        : this(options.Value.Reserved, options.Value.Released)
    {
    }

    /// <summary>Hosts that programs look up by themselves, and names by which people would mistake a tenant for the platform.</summary>
    public static FrozenSet<string> Defaults { get; } = new[]
    {
        "abuse", "account", "accounts", "admin", "administrator", "administrators", "api", "auth", "autoconfig", "autodiscover", "billing", "broadcasthost",
        "cdn", "console", "dns", "ftp", "help", "hostmaster", "id", "identity", "imap", "internal", "isatap", "kafka", "keycloak", "local", "localdomain",
        "localhost", "login", "logout", "mail", "mta-sts", "mx", "noreply", "no-reply", "ns", "ns1", "ns2", "openid", "pop", "pop3", "postgres", "postmaster",
        "public", "rabbitmq", "redis", "register", "root", "saga", "security", "signin", "signup", "smtp", "sso", "static", "status", "support", "system",
        "webmail", "webmaster", "wpad", "www",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Words that follow <c>/tenants/</c> or <c>/api/v1/</c> in the API's paths, or will.</summary>
    public static FrozenSet<string> ApiWords { get; } = new[]
    {
        "adopt", "batches", "bulk", "dead-letters", "docs", "drift", "events", "export", "health", "import", "metrics", "openapi", "operations", "plans", "search",
        "servers", "tenants", "token", "tokens",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <returns>Why nobody may have the name as slug; null when it is free to take.</returns>
    public string? RefuseSlug(string slug) =>
        Id().IsMatch(slug) ? "must not look like a UUID, because tenants are also found by their id" : RefuseSubdomain(slug);

    /// <summary>The same for a subdomain, by which nobody looks up a tenant's id.</summary>
    public string? RefuseSubdomain(string name)
    {
        if (name.StartsWith("xn--", StringComparison.Ordinal))
            return "must not begin with 'xn--', which marks an encoded international name";
        return names.Contains(name) ? $"'{name}' is reserved" : null;
    }

    [GeneratedRegex(@"\A(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Id();
}
