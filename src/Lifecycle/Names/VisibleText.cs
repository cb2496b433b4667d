using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Saga.Lifecycle.Names;

/// <summary>Text in which every character can be seen, so that two names that look the same are the same.</summary>
internal static partial class VisibleText
{
    private const int NonJoiner = 0x200C, Joiner = 0x200D, TextStyle = 0xFE0E, EmojiStyle = 0xFE0F;

    // Unicode's Default_Ignorable_Code_Point, tag characters included, and the characters that are blank without being ignorable.
    private static readonly (int First, int Last)[] Invisible =
    [
        (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E),
        (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFC), (0x16FE4, 0x16FE4),
        (0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    /// <summary>
    /// Whether the line has a visible character, and no invisible or undefined one. Joiners are allowed between visible characters, where
    /// scripts and emoji need them, and style selectors after one.
    /// </summary>
    public static bool IsClear(string line)
    {
        Rune[] runes = [.. line.EnumerateRunes()];
        for (var i = 0; i < runes.Length; i++)
        {
            var allowed = runes[i].Value switch
            {
                NonJoiner or Joiner => i > 0 && i + 1 < runes.Length && (IsSeen(runes[i - 1]) || IsStyle(runes[i - 1])) && IsSeen(runes[i + 1]),
                TextStyle or EmojiStyle => i > 0 && IsSeen(runes[i - 1]),
                _ => IsSeen(runes[i]) || Rune.GetUnicodeCategory(runes[i]) == UnicodeCategory.SpaceSeparator,
            };
            if (!allowed)
                return false;
        }

        return runes.Any(r => IsSeen(r) && Rune.GetUnicodeCategory(r) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark));
    }

    /// <summary>Whether it contains something that a browser or mail program may take for markup.</summary>
    public static bool HasMarkup(string line) => Markup().IsMatch(line);

    private static bool IsStyle(Rune rune) => rune.Value is TextStyle or EmojiStyle;

    private static bool IsSeen(Rune rune) =>
        !Array.Exists(Invisible, r => rune.Value >= r.First && rune.Value <= r.Last)
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);

    [GeneratedRegex("<[A-Za-z/!?]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Markup();
}
