using System.Globalization;
using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Provision;

/// <summary>What a provisioning would do, in words.</summary>
public static class ProvisionWords
{
    public static IReadOnlyList<string> Of(ValidProvision input) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"The tenant '{input.Slug}' is made with version {input.Plan.Version} of the plan {input.Plan.Name}, at '{input.Subdomain}'."),
        $"Its rows get {Place(input.Tier)}, on a database server{(input.Region is { } region ? $" in the region '{region}'" : "")} that has room.",
        .. input.ReadReplica ? (string[])["It is also read on the replicas of that server, with a login that only reads."] : [],
        $"It gets an organisation with '{input.AdminEmail}' as its administrator, a place for objects, a part of the cache, keys, and the settings of its plan with its own.",
        .. input.Domain is { } domain ? (string[])[$"Its domain '{domain}' is used once its control is proved; a claim that is not proved expires after 7 days."] : [],
        "It is verified, and then activated. Until then a failure removes all of it again.",
    ];

    private static string Place(IsolationTier tier) => tier switch
    {
        IsolationTier.Row => "a part of the tables that tenants share",
        IsolationTier.Schema => "a schema of their own in a shared database",
        _ => "a database of their own",
    };
}
