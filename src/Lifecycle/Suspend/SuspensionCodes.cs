using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Suspend;

/// <summary>The codes that a suspension can set and a reactivation can lift. Deletion, move and restore belong to other commands.</summary>
public static class SuspensionCodes
{
    private static readonly Dictionary<string, HoldCode> Names = new(StringComparer.Ordinal)
    {
        ["nonPayment"] = HoldCode.NonPayment,
        ["abuse"] = HoldCode.Abuse,
        ["request"] = HoldCode.Request,
        ["maintenance"] = HoldCode.Maintenance,
        ["limitExceeded"] = HoldCode.LimitExceeded,
        ["other"] = HoldCode.Other,
    };

    public static string Rule { get; } = $"must be one of {string.Join(", ", Names.Keys)}";

    public static IReadOnlyCollection<HoldCode> All => Names.Values;

    public static bool TryParse(string? text, out HoldCode code) => Names.TryGetValue(text ?? "", out code);

    public static string NameOf(HoldCode code) => Names.First(n => n.Value == code).Key;

    /// <summary>A tenant that is over a limit keeps what it has. Every other code closes it.</summary>
    public static HoldEffect EffectOf(HoldCode code) => code == HoldCode.LimitExceeded ? HoldEffect.NoGrowth : HoldEffect.Closed;
}
