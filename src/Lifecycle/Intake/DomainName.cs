using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Saga.Lifecycle.Intake;

/// <summary>Fully qualified DNS names in one spelling: lower case, international labels in punycode, no final dot.</summary>
internal static partial class DomainName
{
    public const string Rule = "a DNS name of at least two labels, such as acme.com: at most 253 characters, labels of 1 to 63 letters, digits and inner hyphens";

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    public static string? Normalize(string text)
    {
        if (text.Length is 0 or > 253 || !text.EnumerateRunes().All(MayStand))
            return null;
        string ascii;
        try
        {
            ascii = Idn.GetAscii(text.ToLowerInvariant());
        }
        catch (ArgumentException)
        {
            return null;
        }

        return ascii.Length <= 253 && Pattern().IsMatch(ascii) ? ascii : null;
    }

    // There is no normalization here, so 'u' with a combining diaeresis would count as a different name than 'ü'.
    private static bool MayStand(Rune rune) =>
        rune.IsAscii || (rune.Value is < 0x300 or > 0x36F && (Rune.IsLetterOrDigit(rune)
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark));

    public static bool IsLabel(string text) => LabelPattern().IsMatch(text);

    // The last label must not be a number, because 10.0.0.1 is an address.
    [GeneratedRegex(@"\A(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?![0-9]+\z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LabelPattern();
}
