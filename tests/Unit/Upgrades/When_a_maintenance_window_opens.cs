using Saga.Contracts.Commands;
using Saga.Lifecycle.Upgrades;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Upgrades;

public sealed class When_a_maintenance_window_opens
{
    // 28 November 2026 is a Saturday.
    [Theory]
    [InlineData("saturday", "02:00", 120, "UTC", "2026-11-28T01:00Z", "2026-11-28T02:00Z", "2026-11-28T04:00Z")]
    [InlineData("saturday", "02:00", 120, "UTC", "2026-11-28T02:00Z", "2026-11-28T02:00Z", "2026-11-28T04:00Z")]
    [InlineData("saturday", "02:00", 120, "UTC", "2026-11-28T03:59Z", "2026-11-28T02:00Z", "2026-11-28T04:00Z")]
    [InlineData("saturday", "02:00", 120, "UTC", "2026-11-28T04:00Z", "2026-12-05T02:00Z", "2026-12-05T04:00Z")]
    [InlineData("saturday,sunday", "02:00", 120, "UTC", "2026-11-28T04:00Z", "2026-11-29T02:00Z", "2026-11-29T04:00Z")]
    // It opened yesterday.
    [InlineData("friday", "23:00", 240, "UTC", "2026-11-28T02:59Z", "2026-11-27T23:00Z", "2026-11-28T03:00Z")]
    [InlineData("friday", "12:00", 1440, "UTC", "2026-11-28T11:00Z", "2026-11-27T12:00Z", "2026-11-28T12:00Z")]
    // It is another day there.
    [InlineData("sunday", "00:30", 60, "Asia/Tokyo", "2026-11-28T15:00Z", "2026-11-28T15:30Z", "2026-11-28T16:30Z")]
    [InlineData("friday", "22:00", 60, "America/New_York", "2026-11-28T03:30Z", "2026-11-28T03:00Z", "2026-11-28T04:00Z")]
    // Clocks leave out 02:30 that night, and have it twice in the other one.
    [InlineData("sunday", "02:30", 60, "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T01:30Z", "2026-03-29T02:30Z")]
    [InlineData("sunday", "02:30", 60, "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z")]
    public void Should_be_this_opening_or_the_next_one(string days, string start, int minutes, string timezone, string now, string opens, string closes) =>
        MaintenanceTimes.At(new MaintenanceWindow { Days = days.Split(','), Start = start, DurationMinutes = minutes }, timezone, Time(now)).ShouldBe(new(Time(opens), Time(closes)));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
