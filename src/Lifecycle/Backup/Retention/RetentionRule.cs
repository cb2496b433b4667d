using NodaTime;
using Saga.Registry.Backups;

namespace Saga.Lifecycle.Backup.Retention;

/// <summary>Which backups are kept. Pure.</summary>
/// <param name="Last">How many of the newest, whatever their age.</param>
/// <param name="Daily">For how many days, today among them, the newest scheduled one of each day.</param>
/// <param name="Weekly">For how many weeks, this one among them, the newest scheduled one of each week, which begins on Monday.</param>
/// <param name="Days">For how many days those that somebody asked for.</param>
public sealed record RetentionRule(int Last, int Daily, int Weekly, int Days)
{
    /// <summary>The backups whose time is over, oldest first. Days and weeks are those of the tenant.</summary>
    public IReadOnlyList<Guid> Expired(StoredBackups stored, DateTimeOffset now)
    {
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(stored.Timezone) ?? DateTimeZone.Utc;
        var today = DateOf(now);
        // A removal that has begun goes on: what is left of it cannot be read.
        var complete = stored.Backups.Where(b => !b.Expiring).OrderByDescending(b => b.StartedAt).ThenByDescending(b => b.Id).ToList();
        var scheduled = complete.Where(b => b.Scheduled).ToList();
        var kept = new HashSet<Guid>();
        // The last one of a tenant that is gone stays, for want of a command that destroys it.
        kept.UnionWith(complete.Take(stored.Deprovisioned ? Math.Max(Last, 1) : Last).Select(b => b.Id));
        kept.UnionWith(complete.Where(b => !b.Scheduled && b.StartedAt > now - TimeSpan.FromDays(Days)).Select(b => b.Id));
        kept.UnionWith(scheduled.Where(b => DateOf(b.StartedAt) > today.PlusDays(-Daily)).GroupBy(b => DateOf(b.StartedAt)).Select(g => g.First().Id));
        kept.UnionWith(scheduled.Where(b => WeekOf(b.StartedAt) > Monday(today).PlusWeeks(-Weekly)).GroupBy(b => WeekOf(b.StartedAt)).Select(g => g.First().Id));
        return [.. stored.Backups.Where(b => !kept.Contains(b.Id)).OrderBy(b => b.StartedAt).ThenBy(b => b.Id).Select(b => b.Id)];

        LocalDate DateOf(DateTimeOffset time) => Instant.FromDateTimeOffset(time).InZone(zone).Date;

        LocalDate WeekOf(DateTimeOffset time) => Monday(DateOf(time));
    }

    private static LocalDate Monday(LocalDate day) => day.PlusDays(1 - (int)day.DayOfWeek);
}
