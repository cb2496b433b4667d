using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Saga.Lifecycle.Intake;

/// <summary>Text that the registry can store and people can read.</summary>
public static class StorableText
{
    /// <summary>True if there are no control characters, line breaks, lone surrogates, replacement characters or bidirectional controls.</summary>
    public static bool IsOneLine(string text)
    {
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                || rune.Value is 0xFFFD or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069))
                return false;
            rest = rest[length..];
        }

        return true;
    }

    /// <summary>True if <c>jsonb</c> accepts the JSON: no NUL and no lone surrogates, in values or names.</summary>
    public static bool IsStorable(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Text(value) is { } text && !text.Contains('\0', StringComparison.Ordinal),
        JsonValueKind.Array => value.EnumerateArray().All(IsStorable),
        JsonValueKind.Object => value.EnumerateObject().All(p => IsStorable(p.Value)) && !value.GetRawText().Contains("\\u", StringComparison.Ordinal),
        JsonValueKind.Number => value.TryGetDecimal(out _),
        _ => true,
    };

    /// <summary>The string; null when an escape in it is a lone surrogate.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
