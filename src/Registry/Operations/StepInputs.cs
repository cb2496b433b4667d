using System.Text.Json;

namespace Saga.Registry.Operations;

/// <summary>What a step is given besides its tenant.</summary>
public sealed record StepInputs
{
    public static StepInputs None { get; } = new();

    /// <summary>The steps whose outputs were asked for.</summary>
    public IReadOnlyList<string> Asked { get; init; } = [];

    /// <summary>The command that the operation runs; null when it was not asked for.</summary>
    public JsonElement? Command { get; init; }

    /// <summary>What steps returned, by their present names. Those that returned nothing are not there.</summary>
    public IReadOnlyDictionary<string, JsonElement> Outputs { get; init; } = new Dictionary<string, JsonElement>();
}
