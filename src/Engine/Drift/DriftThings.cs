namespace Saga.Engine.Drift;

/// <summary>A thing that an outside system has.</summary>
public sealed record FoundThing
{
    public required DriftKey Key { get; init; }

    /// <summary>The id in its name: of a tenant, a placement, an operation or a backup. Null when it has none.</summary>
    public Guid? Owner { get; init; }

    /// <summary>The installation whose id it bears. Null for what an earlier version made: that belongs to whom its owner belongs to.</summary>
    public Guid? Installation { get; init; }

    /// <summary>When it was made, where the system says so.</summary>
    public DateTimeOffset? MadeAt { get; init; }

    /// <summary>What it is like, in words that are compared. Never a secret.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = DriftFacts.None;
}

/// <summary>A thing that the registry says is outside.</summary>
public sealed record ExpectedThing
{
    public required DriftKey Key { get; init; }

    /// <summary>The tenant it belongs to; null for what belongs to the installation.</summary>
    public Guid? Tenant { get; init; }

    /// <summary>When the registry last changed what it is expected for.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>What it must be like. What it does not name is not compared, unless it is <see cref="Exact"/>.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = DriftFacts.None;

    /// <summary>Whether it must have no other facts.</summary>
    public bool Exact { get; init; }

    /// <summary>Whether it may also be absent.</summary>
    public bool Optional { get; init; }
}

/// <summary>Facts of things.</summary>
public static class DriftFacts
{
    public const string Yes = "yes";
    public const string No = "no";
    public const string SignsIn = "signsIn";
    public const string MemberOf = "memberOf";
    public const string Connections = "connections";
    public const string Owner = "owner";
    public const string Usable = "usable";
    public const string Mode = "mode";
    public const string Epoch = "epoch";
    public const string Enabled = "enabled";
    public const string Keys = "keys";

    public static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public static string Of(bool value) => value ? Yes : No;
}
