namespace Saga.Engine.Drift;

/// <summary>What a repair does about a finding.</summary>
public enum DriftRepairKind
{
    /// <summary>Nothing: a person has to look.</summary>
    None,

    /// <summary>What differs becomes as the registry says.</summary>
    SetBack,

    /// <summary>What is missing is made again, as provisioning makes it.</summary>
    CreateAgain,

    /// <summary>What should not be there is renamed and barred, and removed later.</summary>
    Quarantine,
}

/// <param name="Kind">What is done.</param>
/// <param name="Words">What happens, or why nothing does.</param>
public sealed record DriftRepair(DriftRepairKind Kind, string Words)
{
    /// <summary>What else it means.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What a person does instead; null when something is done.</summary>
    public string? Instead { get; init; }
}

/// <summary>Which repair a finding gets. Pure: the preview, the intake and the step that acts decide the same.</summary>
public static class DriftRepairs
{
    private const string Scan = "Scan for drift again, which records the id that it bears, then repair what the scan finds.";
    private const string Restore = "Restore the tenant from a backup: POST /api/v1/tenants/{idOrSlug}/restore.";

    // Roles last, because they own what comes before.
    private static readonly string[] Order =
        [DriftResources.Database, DriftResources.RestoredDatabase, DriftResources.Schema, DriftResources.Role, DriftResources.Place, DriftResources.Organization, DriftResources.CacheUser];

    // What can be set back. An owner, a limit or a switch holds nothing that could be lost.
    private static readonly HashSet<(string Resource, string Fact)> SetBack =
    [
        (DriftResources.Role, DriftFacts.SignsIn), (DriftResources.Role, DriftFacts.MemberOf), (DriftResources.Role, DriftFacts.Connections),
        (DriftResources.Database, DriftFacts.Owner), (DriftResources.Schema, DriftFacts.Owner), (DriftResources.Place, DriftFacts.Mode),
        (DriftResources.Organization, DriftFacts.Enabled), (DriftResources.CacheUser, DriftFacts.Enabled), (DriftResources.CacheUser, DriftFacts.Keys),
    ];

    /// <summary>The order in which the findings of one order are repaired.</summary>
    public static int Turn(string resource) => Array.IndexOf(Order, resource) is var turn && turn < 0 ? Order.Length : turn;

    public static DriftRepair Of(DriftFinding finding) => finding.Kind switch
    {
        DriftKind.Different => Different(finding),
        DriftKind.Missing => Missing(finding.Key.Resource, finding.Key.Name),
        _ => Orphan(finding),
    };

    private static DriftRepair Different(DriftFinding finding)
    {
        var resource = finding.Key.Resource;
        if (finding.Differences.FirstOrDefault(d => !SetBack.Contains((resource, d.Fact))) is { } other)
            return Never(other);
        var changes = string.Join(", ", finding.Differences.Select(d => $"{d.Fact} from {Say(d.Found)} to {Say(d.Expected)}"));
        return new(DriftRepairKind.SetBack, $"What differs is set back: {changes}.")
        {
            Warnings = finding.Differences.Any(d => d.Expected == DriftFacts.No && d.Fact is DriftFacts.SignsIn or DriftFacts.Enabled)
                ? ["Its sessions are ended."]
                : [],
        };

        DriftRepair Never(DriftDifference difference) => (resource, difference.Fact) switch
        {
            (DriftResources.Place, DriftFacts.Epoch) => Nothing(
                "Its epoch is another one: the tenant was moved, and the registry may be the one that is older.",
                "Find out which copy was written to last before anything is opened: docs/registry-recovery.md."),
            (DriftResources.Database, _) => Nothing("Its removal was interrupted, and nobody can use it any more.", Restore),
            (DriftResources.Organization, _) => Nothing(
                "Another organisation has the alias than the registry knows.", "Delete the wrong organisation in the directory. When none is left, a repair makes the tenant's own again."),
            (DriftResources.Backup, _) => Nothing(
                "Files of a backup cannot be made again.", "Make another backup, and remove this one: DELETE /api/v1/backups/{id}. Where copies are kept in a second place, a restore uses what is whole there."),
            _ => Nothing($"There is no repair for its {difference.Fact}.", "Compare it with the registry, and put it right by hand."),
        };
    }

    private static DriftRepair Missing(string resource, string name) => resource switch
    {
        DriftResources.Role when name.EndsWith("_owner", StringComparison.Ordinal) => Nothing("A role that owns something cannot be dropped, so what it owned is gone, too.", Restore),
        DriftResources.Role => new(DriftRepairKind.CreateAgain, "The login is made again with its stored password, its limit and its rights.")
        {
            Warnings = ["Only the login of a tenant's current place is made again, and only while the place is there."],
        },
        DriftResources.Place => new(DriftRepairKind.CreateAgain, "The place is written again, with the epoch and the mode of the registry.")
        {
            Warnings = ["Only a tenant's current place is written again, and only while its tables are there."],
        },
        DriftResources.Organization => new(DriftRepairKind.CreateAgain, "The organisation is made again, and the tenant's administrator becomes a member.")
        {
            Warnings = ["It gets another id. Its other members, their groups and its unproved domains are lost, and are not made again."],
        },
        DriftResources.CacheUser => new(DriftRepairKind.CreateAgain, "The user is made again with its stored password."),
        DriftResources.Database or DriftResources.Schema => Nothing("Its rows are gone. An empty one in its place would look as if nothing had happened.", Restore),
        DriftResources.RestoredDatabase => Nothing("What a restore has made is gone.", "Restore the backup once more, if it is still needed."),
        DriftResources.Storage => Nothing("The tenant's part of the object store is gone, with its objects.", "Restore the objects from the object store's own versions, or from a backup that includes them."),
        DriftResources.Backup => Nothing("The files of a backup are gone.", "Make another backup, and remove this one: DELETE /api/v1/backups/{id}."),
        _ => Nothing("There is no repair for it.", "Compare it with the registry, and put it right by hand."),
    };

    private static DriftRepair Orphan(DriftFinding finding)
    {
        switch (finding.Key.Resource)
        {
            case DriftResources.Place:
                return Nothing(
                    "It says that a database has rows of a tenant that the registry does not know. Rows of one tenant among those of others are never removed by a repair.",
                    "Look at the rows. A schema or a database of its own is quarantined as a whole; what is left of the place is deleted from saga.place by hand.");
            case DriftResources.SpareDatabase:
                return Nothing("Nobody can use it, so there is nothing to quarantine.", "Drop the database by hand.");
            case DriftResources.CacheEntries:
                return Nothing("The entries are in a process's memory.", "They end with their time, at the latest with the process.");
            case DriftResources.Storage:
                return Nothing("Objects can neither be renamed nor barred as a whole, so they are not removed by a repair.", "Look at the objects, and remove them with the object store's own tools.");
            case DriftResources.Backup:
                return Nothing("Files of a backup that the registry does not know may be all that is left of a tenant.", "Read the manifest, and delete the folder by hand in both places when nobody needs it.");
            case DriftResources.Organization or DriftResources.Schema when finding.Owner is null:
                return Nothing("It is not known whose it was.", Scan);
            case DriftResources.Database or DriftResources.RestoredDatabase or DriftResources.Schema or DriftResources.Role:
                return new(DriftRepairKind.Quarantine, "It is renamed, and nobody gets in. It is removed when its time in quarantine is over, and can be released until then.")
                {
                    Warnings = finding.Key.Resource == DriftResources.Role
                        ? ["Its sessions are ended. It is removed only when it owns nothing any more."]
                        : ["Sessions in it are ended. Its rows are lost once it is removed."],
                };
            case DriftResources.Organization:
                return new(DriftRepairKind.Quarantine, "It is disabled and renamed. It is deleted when its time in quarantine is over, and can be released until then.")
                {
                    Warnings = ["It keeps its alias, which the directory lets nobody change: a new tenant cannot have the slug until then.", "Its users stay."],
                };
            case DriftResources.CacheUser:
                return new(DriftRepairKind.Quarantine, "It is switched off and keeps its name. It is deleted when its time in quarantine is over, and can be released until then.")
                {
                    Warnings = ["The tenant's entries stay until they expire."],
                };
            default:
                return Nothing("There is no repair for it.", "Look at it, and remove it by hand when nobody needs it.");
        }
    }

    private static DriftRepair Nothing(string why, string instead) => new(DriftRepairKind.None, why) { Instead = instead };

    private static string Say(string? value) => value switch
    {
        null => "nothing",
        "" => "none",
        _ => $"'{value}'",
    };
}
