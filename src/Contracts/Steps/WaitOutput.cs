using System.Text.Json;

namespace Saga.Contracts.Steps;

/// <summary>The output of a step that waited, for later steps. Stored with the operation and shown by the API.</summary>
public sealed record WaitOutput
{
    /// <summary>How the wait ended: elapsed, approved, signalled or ended (early, by an operator).</summary>
    public required string How { get; init; }

    /// <summary>Who ended it; null when its time was over.</summary>
    public string? By { get; init; }

    public string? Reason { get; init; }

    /// <summary>The data that came with the signal.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>When the answer was given, or when the time was over.</summary>
    public required DateTimeOffset At { get; init; }
}
