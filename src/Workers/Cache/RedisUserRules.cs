using Saga.Contracts.Identifiers;
using Saga.Tenancy.Cache;
using Saga.Workers.Sealing;

namespace Saga.Workers.Cache;

/// <summary>What a tenant's Redis user may do.</summary>
internal static class RedisUserRules
{
    // CLIENT TRACKING in broadcast mode would report the name of every key that anybody writes.
    private static readonly string[] ClientCommands = ["-client", "+client|id", "+client|setname", "+client|getname"];

    // A selector that allows nothing. Redis keeps no other notes about a user.
    private const string Mark = "~saga-installation:";

    /// <summary>
    /// The arguments of ACL SETUSER after the user's name, with any previous rules removed. Commands that list other tenants' keys or
    /// channels, or move keys to another database, are revoked again.
    /// </summary>
    public static IEnumerable<string> Of(TenantId tenant, string passwordDigest, Guid installation)
    {
        var space = CacheKey.Prefix(tenant);
        return
        [
            "reset", "on", $"#{passwordDigest}", "resetkeys", $"%RW~{space}*", "resetchannels", $"&{space}*", .. Commands, $"(-@all resetchannels {Mark}{installation})",
        ];
    }

    /// <summary>The installation that made a user with these selectors' keys; null for a user of an earlier version.</summary>
    public static Guid? InstallationIn(IEnumerable<string> keys) =>
        keys.Where(k => k.StartsWith(Mark, StringComparison.Ordinal)).Select(k => Guid.TryParse(k.AsSpan(Mark.Length), out var id) ? id : (Guid?)null).FirstOrDefault();

    /// <summary>The tenant whose user has this name; null for other users.</summary>
    public static TenantId? TenantOf(string user) =>
        user.StartsWith("t_", StringComparison.Ordinal) && user.Length >= 34 && Guid.TryParseExact(user.AsSpan(2, 32), "n", out var id)
            && CredentialNames.Both(user[..34]).Contains(user, StringComparer.Ordinal) ? new TenantId(id) : null;

    /// <summary>The part about commands. It replaces the commands of an existing user and leaves its password, keys and channels alone.</summary>
    public static IReadOnlyList<string> Commands { get; } =
    [
        "-@all", "+@read", "+@write", "+@connection", "+@pubsub", "+@transaction", "-@dangerous", "-@admin", "-@scripting",
        "-scan", "-randomkey", "-dbsize", "-keys", "-select", "-pubsub", "-move", "-copy", .. ClientCommands,
        // A client whose password was refused must be able to find out that it is signed in as somebody else.
        "+acl|whoami",
    ];
}
