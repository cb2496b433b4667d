using System.Collections.Frozen;

namespace Saga.Engine.Operations;

/// <summary>The words for the state of an operation: the same in the registry and for callers.</summary>
public static class OperationStateNames
{
    /// <summary>What a caller is shown for a stored word that this version does not know.</summary>
    public const string Unknown = "unknown";

    private static readonly FrozenDictionary<OperationState, string> Names =
        Enum.GetValues<OperationState>().ToFrozenDictionary(s => s, s => s.ToString().ToLowerInvariant());

    private static readonly FrozenDictionary<string, OperationState> States = Names.ToFrozenDictionary(n => n.Value, n => n.Key, StringComparer.Ordinal);

    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<OperationState>().Select(Of)];

    public static string Of(OperationState state) => Names[state];

    public static bool TryRead(string name, out OperationState state) => States.TryGetValue(name, out state);
}
