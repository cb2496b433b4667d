namespace Saga.Engine.Drift;

/// <summary>What is known when orphans shall be quarantined.</summary>
/// <param name="Orphans">Orphans that the scans see, those in the order and all others.</param>
/// <param name="Compared">How many things the last scans of everything compared.</param>
/// <param name="RestoredAt">When the registry was last restored from a backup; null when it never was.</param>
/// <param name="MadeAt">When the things in the order were made, as far as that is known.</param>
public sealed record RemovalFacts(long Orphans, long Compared, DateTimeOffset? RestoredAt, IReadOnlyCollection<DateTimeOffset?> MadeAt);

/// <summary>What a person must confirm before orphans are quarantined. Pure.</summary>
public static class DriftRemovals
{
    /// <summary>The registry was restored after the things were made: they may be tenants that it has forgotten.</summary>
    public const string RegistryRestored = "registryRestored";

    /// <summary>So many orphans are rather a fault of the registry, or of who compares.</summary>
    public const string ManyOrphans = "manyOrphans";

    /// <summary>So few are never many, however small the installation is.</summary>
    public const int FewOrphans = 5;

    private const int Percent = 100;

    /// <summary>What can be confirmed.</summary>
    public static IReadOnlyList<string> All { get; } = [RegistryRestored, ManyOrphans];

    /// <summary>What must be confirmed; empty when nothing must, as in an order that quarantines nothing.</summary>
    public static IReadOnlyList<string> Needed(RemovalFacts facts)
    {
        if (facts.MadeAt.Count == 0)
            return [];
        var needed = new List<string>();
        if (facts.RestoredAt is { } restored && facts.MadeAt.Any(made => made is null || made <= restored))
            needed.Add(RegistryRestored);
        if (facts.Orphans > FewOrphans && facts.Orphans * Percent > facts.Compared)
            needed.Add(ManyOrphans);
        return needed;
    }

    /// <summary>Why it must be confirmed.</summary>
    public static string Why(string needed, RemovalFacts facts) => needed == RegistryRestored
        ? $"The registry was restored from a backup at {facts.RestoredAt:u}, and what was made before looks like an orphan if the backup is older: it may belong to a paying tenant."
        : $"{facts.Orphans} orphans are open, which is more than 1 % of the {facts.Compared} things that were compared: the registry may be the one that is wrong.";
}
