using Saga.Contracts.Identifiers;
using Saga.Tenancy.Cache;

namespace Saga.Workers.Cache;

/// <summary>What a tenant's Redis user may do.</summary>
internal static class RedisUserRules
{
    // CLIENT TRACKING in broadcast mode would report the name of every key that anybody writes.
    private static readonly string[] ClientCommands = ["-client", "+client|id", "+client|setname", "+client|getname"];

    /// <summary>
    /// The arguments of ACL SETUSER after the user's name, with any previous rules removed. Commands that list other tenants' keys or
    /// channels, or move keys to another database, are revoked again.
    /// </summary>
    public static IEnumerable<string> Of(TenantId tenant, string passwordDigest)
    {
        var space = CacheKey.Prefix(tenant);
        return
        [
            "reset", "on", $"#{passwordDigest}", "resetkeys", $"%RW~{space}*", "resetchannels", $"&{space}*", .. Commands,
        ];
    }

    /// <summary>The part about commands. It replaces the commands of an existing user and leaves its password, keys and channels alone.</summary>
    public static IReadOnlyList<string> Commands { get; } =
    [
        "-@all", "+@read", "+@write", "+@connection", "+@pubsub", "+@transaction", "-@dangerous", "-@admin", "-@scripting",
        "-scan", "-randomkey", "-dbsize", "-keys", "-select", "-pubsub", "-move", "-copy", .. ClientCommands,
        // A client whose password was refused must be able to find out that it is signed in as somebody else.
        "+acl|whoami",
    ];
}
