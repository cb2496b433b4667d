using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Cronos;
using NodaTime;
using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Backup.Schedules;

/// <summary>
/// When tenants are backed up. Pure. Time zones are NodaTime's, like those that tenants may have. A local time that does not exist is
/// moved forward by the length of the gap, and one that occurs twice counts once.
/// </summary>
public static class BackupCalendar
{
    /// <summary>The expression of a schedule that is switched off.</summary>
    public const string None = "none";

    public const int MaxLength = 100;

    private const string Rule = "must be a cron expression of five fields, such as 0 2 * * *, or none";

    private static readonly TimeSpan Shortest = TimeSpan.FromHours(1);

    // A month of the most frequent schedule, or years of a rare one.
    private const int Looked = 800;

    private static readonly ConcurrentDictionary<string, CronExpression> Parsed = new(StringComparer.Ordinal);

    /// <summary>What is wrong with an expression, for people; null when it is right.</summary>
    public static string? Fault(string text)
    {
        if (text == None)
            return null;
        if (text.Length > MaxLength || text.Trim() != text || text.StartsWith('@') || !CronExpression.TryParse(text, CronFormat.Standard, out var expression))
            return Rule;
        var begin = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var times = new List<DateTime>();
        for (var last = expression.GetNextOccurrence(begin, inclusive: true); last is { } at && times.Count < Looked; last = expression.GetNextOccurrence(at))
            times.Add(at);
        if (times.Count == 0)
            return "must be a time that occurs";
        return times.Zip(times.Skip(1)).Any(t => t.Second - t.First < Shortest) ? "must not occur more than once an hour" : null;
    }

    /// <summary>The next time after the given one; null when there is none.</summary>
    /// <param name="cron">A right expression.</param>
    /// <param name="timezone">The tenant's time zone.</param>
    /// <param name="jitter">The tenant's delay: <see cref="JitterOf"/>.</param>
    /// <param name="after">The time after which it is.</param>
    public static DateTimeOffset? Next(string cron, string timezone, TimeSpan jitter, DateTimeOffset after)
    {
        if (cron == None)
            return null;
        var expression = Parsed.GetOrAdd(cron, c => CronExpression.Parse(c, CronFormat.Standard));
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(timezone) ?? DateTimeZone.Utc;
        var from = (after - jitter).ToUniversalTime();
        // The expression is about local times. That they are called UTC keeps the library from converting them.
        var local = DateTime.SpecifyKind(Instant.FromDateTimeOffset(from).InZone(zone).ToDateTimeUnspecified(), DateTimeKind.Utc);
        while (expression.GetNextOccurrence(local) is { } next)
        {
            var at = zone.AtLeniently(LocalDateTime.FromDateTime(next)).ToInstant().ToDateTimeOffset();
            if (at > from)
                return at + jitter;
            // The clock was set back: this one was before.
            local = next;
        }

        return null;
    }

    /// <summary>The tenant's delay, from 0 up to the given time. It is always the same, and tenants are spread evenly.</summary>
    public static TimeSpan JitterOf(TenantId tenant, int minutes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(tenant.Value.ToByteArray(bigEndian: true), hash);
        return TimeSpan.FromSeconds(Math.Floor(BinaryPrimitives.ReadUInt32BigEndian(hash) / (uint.MaxValue + 1.0) * minutes * 60));
    }
}
