using Saga.Contracts.CustomSteps;

namespace Saga.Registry.CustomSteps;

/// <summary>One version of the list of custom steps.</summary>
public sealed record CustomStepSet
{
    /// <summary>Before the first list was put.</summary>
    public static CustomStepSet None { get; } = new() { Version = 0, Steps = [], SetBy = "" };

    /// <summary>Starts at 1 and grows by 1.</summary>
    public required int Version { get; init; }

    public required IReadOnlyList<CustomStep> Steps { get; init; }

    /// <summary>Of the list in a configuration that it came from; null when it was put by the API.</summary>
    public string? Digest { get; init; }

    public required string SetBy { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset SetAt { get; init; }
}
