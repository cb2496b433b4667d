using System.Collections.Frozen;
using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Holds;

/// <summary>
/// The stored spellings of holds. An unknown code or effect from a newer version is read as other or closed, so that a hold is never
/// weakened.
/// </summary>
internal static class HoldNames
{
    private static readonly FrozenDictionary<string, HoldCode> Codes = Names<HoldCode>();
    private static readonly FrozenDictionary<string, HoldEffect> Effects = Names<HoldEffect>();

    public static string Of<T>(T value)
        where T : struct, Enum => JsonSerializer.SerializeToElement(value).GetString()!;

    public static HoldCode Code(string stored) => Codes.GetValueOrDefault(stored, HoldCode.Other);

    public static HoldEffect Effect(string stored) => Effects.GetValueOrDefault(stored, HoldEffect.Closed);

    private static FrozenDictionary<string, T> Names<T>()
        where T : struct, Enum => Enum.GetValues<T>().ToFrozenDictionary(Of, v => v, StringComparer.Ordinal);
}
