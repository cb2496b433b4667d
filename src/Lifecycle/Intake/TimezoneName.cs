using System.Collections.Frozen;
using NodaTime;

namespace Saga.Lifecycle.Intake;

/// <summary>Names of time zones. The list is NodaTime's own copy of the IANA database, so it is the same on every machine.</summary>
internal static class TimezoneName
{
    public const string Default = "UTC";

    public const string Rule = "an IANA time zone in the database's spelling, such as Europe/Berlin or UTC";

    private static readonly FrozenSet<string> Known = DateTimeZoneProviders.Tzdb.Ids.ToFrozenSet(StringComparer.Ordinal);

    public static bool IsKnown(string text) => Known.Contains(text);
}
