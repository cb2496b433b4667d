using System.Collections.Frozen;
using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Holds;

/// <summary>
/// How holds are stored. What a newer version stored and this one does not know is read as other and closed: never as less than
/// it is.
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
