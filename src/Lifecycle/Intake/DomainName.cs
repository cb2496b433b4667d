using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Saga.Lifecycle.Names;

namespace Saga.Lifecycle.Intake;

/// <summary>
/// Fully qualified DNS names in one spelling: mapped by UTS 46, international labels in punycode, no final dot. Addresses and names of
/// the machine itself are refused.
/// </summary>
internal static partial class DomainName
{
    public const string Rule =
        "a DNS name of at least two labels, such as acme.com: at most 253 characters, labels of 1 to 63 letters, digits and inner hyphens, the last one beginning with a letter";

    private const int MaxLength = 253;
    private const string Punycode = "xn--";

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    public static string? Normalize(string text)
    {
        if (text.EnumerateRunes().Count() is 0 or > MaxLength || DomainMapping.Map(text) is not { } mapped)
            return null;
        var labels = mapped.Split('.').Select(Label).ToList();
        if (labels.Contains(null))
            return null;
        var ascii = string.Join('.', labels);
        return ascii.Length <= MaxLength && Pattern().IsMatch(ascii) ? ascii : null;
    }

    public static bool IsLabel(string text) => LabelPattern().IsMatch(text);

    private static string? Label(string label)
    {
        if (Ascii.IsValid(label) && !label.StartsWith(Punycode, StringComparison.Ordinal))
            return label;
        if (!Ascii.IsValid(label))
            return ToAscii(label);
        // Punycode must be that of a label that the mapping leaves as it is, or it would be a second spelling.
        return ToUnicode(label) is { } decoded && !Ascii.IsValid(decoded) && DomainMapping.Map(decoded) == decoded && ToAscii(decoded) == label ? label : null;
    }

    private static string? ToAscii(string label)
    {
        if (label.StartsWith('-') || label.EndsWith('-') || (label.Length >= 4 && label[2] == '-' && label[3] == '-') || IsMark(label))
            return null;
        try
        {
            return Idn.GetAscii(label);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string? ToUnicode(string label)
    {
        try
        {
            return Idn.GetUnicode(label);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // A label must not begin with a combining mark, which would change the character before the label.
    private static bool IsMark(string label) =>
        Rune.GetUnicodeCategory(label.EnumerateRunes().First()) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // The last label begins with a letter: 10.0.0.1 and 10.0.0.0x1 are addresses. Names below localhost are this machine's.
    [GeneratedRegex(@"\A(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!localhost\z)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex LabelPattern();
}
