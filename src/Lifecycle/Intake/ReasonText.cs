using System.Globalization;

namespace Saga.Lifecycle.Intake;

/// <summary>The rule for reasons that people give: they are stored, audited and shown as they are.</summary>
public static class ReasonText
{
    public const int MaxLength = 500;

    public static string Rule { get; } = string.Create(CultureInfo.InvariantCulture, $"must be a string of 1 to {MaxLength} characters without NUL");

    /// <returns>The trimmed reason; null when it breaks the rule.</returns>
    public static string? Normalize(string? text) =>
        text?.Trim() is { Length: > 0 } reason && reason.EnumerateRunes().Count() <= MaxLength && !reason.Contains('\0', StringComparison.Ordinal) && IsWellFormed(reason)
            ? reason
            : null;

    // Half of a surrogate pair cannot be stored.
    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }
}
