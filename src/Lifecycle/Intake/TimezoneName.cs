using System.Text.RegularExpressions;

namespace Saga.Lifecycle.Intake;

internal static partial class TimezoneName
{
    public const string Default = "UTC";

    public const string Rule = "an IANA time zone, such as Europe/Berlin or UTC";

    /// <summary>Whether the time zone exists. The format is checked first, because the name becomes part of a path in the system's time zone database.</summary>
    public static bool IsKnown(string text) =>
        text is Default || (text.Length <= 64 && Pattern().IsMatch(text) && TimeZoneInfo.TryFindSystemTimeZoneById(text, out _));

    // posix/ and right/ are copies of the database; localtime and posixrules depend on the machine.
    [GeneratedRegex(@"\A(?!posix|right/|localtime)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z][A-Za-z0-9_+-]*){0,2}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Pattern();
}
