using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Schedules;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_a_schedule_of_backups_is_read
{
    private static readonly TimeSpan None = TimeSpan.Zero;

    [Theory]
    [InlineData("0 2 * * *")]
    [InlineData("30 */4 * * 1-5")]
    [InlineData("0 * * * *")]
    [InlineData("0 0 29 2 *")]
    [InlineData("0 3 * * 7")]
    [InlineData("none")]
    public void Should_take_what_occurs_once_an_hour_at_most(string cron) => BackupCalendar.Fault(cron).ShouldBeNull();

    [Theory]
    [InlineData("", "five fields")]
    [InlineData("daily", "five fields")]
    [InlineData("@daily", "five fields")]
    [InlineData("0 0 2 * * *", "five fields")]
    [InlineData("60 2 * * *", "five fields")]
    [InlineData(" 0 2 * * *", "five fields")]
    [InlineData("0 0 31 2 *", "that occurs")]
    [InlineData("*/10 * * * *", "once an hour")]
    [InlineData("0,30 2 * * *", "once an hour")]
    [InlineData("55,5 * * * *", "once an hour")]
    [InlineData("0,1 2 1 1 *", "once an hour")]
    public void Should_say_what_is_wrong(string cron, string fault) => BackupCalendar.Fault(cron).ShouldNotBeNull().ShouldContain(fault);

    [Theory]
    // The same local time on both sides of the change to summer time.
    [InlineData("0 2 * * *", "2026-03-27T12:00:00Z", "2026-03-28T01:00:00Z")]
    // 2:30 does not exist that day.
    [InlineData("30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z")]
    [InlineData("30 2 * * *", "2026-03-29T02:00:00Z", "2026-03-30T00:30:00Z")]
    // 2:30 occurs twice and counts once.
    [InlineData("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")]
    [InlineData("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z")]
    public void Should_follow_the_tenants_time_zone(string cron, string after, string next) =>
        BackupCalendar.Next(cron, "Europe/Berlin", None, DateTimeOffset.Parse(after, null)).ShouldBe(DateTimeOffset.Parse(next, null));

    [Fact]
    public void Should_come_after_the_time_that_was_given_although_it_is_delayed()
    {
        var jitter = TimeSpan.FromMinutes(90);
        var first = BackupCalendar.Next("0 2 * * *", "UTC", jitter, new(2026, 5, 1, 2, 30, 0, default));
        var second = BackupCalendar.Next("0 2 * * *", "UTC", jitter, first!.Value);

        first.ShouldBe(new(2026, 5, 1, 3, 30, 0, default));
        second.ShouldBe(new(2026, 5, 2, 3, 30, 0, default));
        BackupCalendar.Next("none", "UTC", jitter, first.Value).ShouldBeNull();
    }

    [Fact]
    public void Should_spread_tenants_evenly_and_each_in_the_same_way()
    {
        var tenants = Enumerable.Range(0, 1000).Select(_ => new TenantId(Guid.CreateVersion7())).ToList();

        var minutes = tenants.Select(t => (int)BackupCalendar.JitterOf(t, 120).TotalMinutes).ToList();

        minutes.ShouldAllBe(m => m >= 0 && m < 120);
        minutes.GroupBy(m => m / 10).ShouldAllBe(g => g.Count() > 40);
        minutes.GroupBy(m => m / 10).Count().ShouldBe(12);
        tenants.Select(t => (int)BackupCalendar.JitterOf(t, 120).TotalMinutes).ShouldBe(minutes);
        BackupCalendar.JitterOf(tenants[0], 0).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Should_prefer_the_tenants_own_to_its_plans_and_that_to_the_usual_one()
    {
        var options = new BackupScheduleOptions { Plans = { ["basic"] = new() { Cron = "0 4 * * 0" }, ["premium"] = new() } };

        options.CronOf("basic", "none").ShouldBe("none");
        options.CronOf("Basic", null).ShouldBe("0 4 * * 0");
        options.CronOf("premium", null).ShouldBe("0 2 * * *");
        options.CronOf("enterprise", null).ShouldBe("0 2 * * *");
    }

    [Fact]
    public void Should_refuse_a_configuration_that_names_no_time()
    {
        var wrong = new BackupScheduleOptions { Cron = "daily", JitterMinutes = -1, LateHours = 0, Plans = { ["basic"] = new() { Cron = "* * * * *" } } };

        var failures = new BackupScheduleOptionsValidation().Validate(null, wrong).Failures.ShouldNotBeNull().ToList();

        failures.Count.ShouldBe(4);
        failures[0].ShouldBe("Saga:Backups:Schedule:Cron must be a cron expression of five fields, such as 0 2 * * *, or none, and is 'daily'.");
        failures[1].ShouldStartWith("Saga:Backups:Schedule:Plans:basic:Cron must not occur more than once an hour");
        new BackupScheduleOptionsValidation().Validate(null, new()).ShouldBe(ValidateOptionsResult.Success);
    }
}
