using System.Globalization;
using NodaTime;
using Saga.Contracts.Commands;

namespace Saga.Lifecycle.Upgrades;

/// <summary>One opening of a maintenance window.</summary>
public sealed record WindowTime(DateTimeOffset Opens, DateTimeOffset Closes);

/// <summary>When maintenance windows are open. Pure.</summary>
public static class MaintenanceTimes
{
    private const int DaysOfWeek = 7;

    /// <param name="window">A right window.</param>
    /// <param name="timezone">The time zone of its start.</param>
    /// <param name="now">The time.</param>
    /// <returns>The opening now, or otherwise the next one.</returns>
    public static WindowTime At(MaintenanceWindow window, string timezone, DateTimeOffset now)
    {
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(timezone) ?? DateTimeZone.Utc;
        var start = LocalTime.FromTicksSinceMidnight(TimeOnly.ParseExact(window.Start!, "HH:mm", CultureInfo.InvariantCulture).Ticks);
        var today = Instant.FromDateTimeOffset(now).InZone(zone).Date;
        // A window of a day may have opened yesterday. A time that a change of clocks leaves out is an hour later.
        return Enumerable.Range(-1, DaysOfWeek + 2).Select(today.PlusDays)
            .Where(day => window.Days!.Contains(day.DayOfWeek.ToString().ToLowerInvariant(), StringComparer.Ordinal))
            .Select(day => zone.AtLeniently(day + start).ToInstant().ToDateTimeOffset())
            .Select(opens => new WindowTime(opens, opens.AddMinutes(window.DurationMinutes!.Value)))
            .First(time => time.Closes > now);
    }
}
