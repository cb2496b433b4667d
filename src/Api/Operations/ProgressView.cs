using Saga.Engine.Operations;

namespace Saga.Api.Operations;

/// <summary>How far a step has come. Also the data of the event <c>progress</c>.</summary>
public sealed record ProgressView
{
    /// <summary>In events only.</summary>
    public string? Step { get; init; }

    /// <summary>In events only.</summary>
    public int? Attempt { get; init; }

    public required long Done { get; init; }

    /// <summary>Absent while it is not known.</summary>
    public long? Total { get; init; }

    /// <summary>What is counted, such as rows.</summary>
    public string? Unit { get; init; }

    /// <summary>What the step is doing.</summary>
    public string? Words { get; init; }

    public required DateTimeOffset At { get; init; }

    internal static ProgressView Of(StepProgress progress, DateTimeOffset at) =>
        new() { Done = progress.Done, Total = progress.Total, Unit = progress.Unit, Words = progress.Words, At = at };
}
