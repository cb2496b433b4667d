using Saga.Engine.Drift;

namespace Saga.Registry.Drift;

/// <summary>What has become of a thing in quarantine. The names are stored in lower case.</summary>
public enum QuarantineState
{
    /// <summary>It is about to be renamed and barred, or is.</summary>
    Quarantining,

    /// <summary>It is renamed and barred.</summary>
    Quarantined,

    /// <summary>It is about to be put back, or is.</summary>
    Releasing,

    /// <summary>It is as it was before.</summary>
    Released,

    /// <summary>It is about to be removed, or is gone.</summary>
    Removing,

    /// <summary>It is gone.</summary>
    Removed,

    /// <summary>It was not removed, because it is no orphan any more, or somebody has changed it. A scan finds it again if it is one.</summary>
    Left,
}

/// <summary>A thing in quarantine.</summary>
public sealed record QuarantinedThing
{
    private const string Prefix = "quarantine_";

    public required Guid Id { get; init; }

    /// <summary>The finding that was repaired.</summary>
    public required Guid Finding { get; init; }

    /// <summary>The operation of the repair.</summary>
    public required Guid Operation { get; init; }

    /// <summary>What it was called before.</summary>
    public required DriftKey Key { get; init; }

    /// <summary>What it is called meanwhile.</summary>
    public required string Renamed { get; init; }

    /// <summary>The id that it bears.</summary>
    public Guid? Owner { get; init; }

    public Guid? Tenant { get; init; }

    public required string Reason { get; init; }

    /// <summary>What a release puts back, in words of the worker that did it.</summary>
    public required IReadOnlyDictionary<string, string> Was { get; init; }

    public QuarantineState State { get; init; }

    public required DateTimeOffset BegunAt { get; init; }

    public DateTimeOffset? QuarantinedAt { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>The scheduled command that removes it.</summary>
    public Guid? Removal { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Words { get; init; }

    /// <summary>Under which key a scan sees it meanwhile.</summary>
    public DriftKey RenamedKey => Rename(Key, Renamed);

    // What kind of database it is, is told by its name, which says nothing then.
    internal static DriftKey Rename(DriftKey key, string renamed) =>
        key with { Resource = key.Resource == DriftResources.RestoredDatabase ? DriftResources.Database : key.Resource, Name = renamed };

    /// <summary>The name of a thing in quarantine.</summary>
    public static string NameOf(Guid id) => $"{Prefix}{id:n}";

    /// <summary>The quarantine whose name it is; null for other names.</summary>
    public static Guid? IdIn(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && Guid.TryParseExact(name.AsSpan(Prefix.Length), "n", out var id) ? id : null;

    /// <summary>A regular expression for such names.</summary>
    public const string Names = "^quarantine_[0-9a-f]{32}$";
}
