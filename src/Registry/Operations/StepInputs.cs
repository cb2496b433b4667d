using System.Text.Json;

namespace Saga.Registry.Operations;

/// <summary>A step's inputs other than its tenant.</summary>
public sealed record StepInputs
{
    public static StepInputs None { get; } = new();

    /// <summary>The steps whose outputs were requested.</summary>
    public IReadOnlyList<string> Asked { get; init; } = [];

    /// <summary>The command that the operation runs; null when it was not requested.</summary>
    public JsonElement? Command { get; init; }

    /// <summary>Outputs by the steps' current names. Steps without output are missing.</summary>
    public IReadOnlyDictionary<string, JsonElement> Outputs { get; init; } = new Dictionary<string, JsonElement>();
}
