namespace Saga.Contracts.Batches;

/// <summary>Chooses operations by what failed. All conditions must hold; null matches all.</summary>
public sealed record ReplayFilter
{
    /// <summary>stalled, which is the default, compensated or cancelled.</summary>
    public string? State { get; init; }

    /// <summary>The kind of operation, such as provision.</summary>
    public string? Kind { get; init; }

    /// <summary>The step that failed.</summary>
    public string? Step { get; init; }

    /// <summary>The failure's code.</summary>
    public string? Code { get; init; }

    /// <summary>The external system that failed.</summary>
    public string? System { get; init; }

    /// <summary>A batch, whose failed items are chosen.</summary>
    public Guid? FailedIn { get; init; }

    /// <summary>Only what failed at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only what failed before this time.</summary>
    public DateTimeOffset? Until { get; init; }
}
