using System.Collections.Frozen;

namespace Saga.Engine.Operations;

/// <summary>The spellings of operation states, which are the same in the registry and for callers.</summary>
public static class OperationStateNames
{
    /// <summary>Shown to callers for a stored value that this version does not know.</summary>
    public const string Unknown = "unknown";

    private static readonly FrozenDictionary<OperationState, string> Names =
        Enum.GetValues<OperationState>().ToFrozenDictionary(s => s, s => s.ToString().ToLowerInvariant());

    private static readonly FrozenDictionary<string, OperationState> States = Names.ToFrozenDictionary(n => n.Value, n => n.Key, StringComparer.Ordinal);

    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<OperationState>().Select(Of)];

    public static string Of(OperationState state) => Names[state];

    public static bool TryRead(string name, out OperationState state) => States.TryGetValue(name, out state);
}
