namespace Saga.Engine.Operations;

/// <summary>How far a step that takes long has come. Shown to callers, so never a secret.</summary>
public sealed record StepProgress
{
    public required long Done { get; init; }

    /// <summary>Null while it is not known.</summary>
    public long? Total { get; init; }

    /// <summary>What is counted, such as <c>rows</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>What the step is doing, such as <c>copying orders</c>.</summary>
    public string? Words { get; init; }
}
