using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Retention;
using Saga.Registry.Backups;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_backups_grow_old
{
    // A Wednesday.
    private static readonly DateTimeOffset Now = new(2026, 7, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Should_keep_thirty_days_by_default()
    {
        var daily = Enumerable.Range(0, 40).Select(d => Scheduled(Now.AddDays(-d).AddHours(-9))).ToList();

        Expired(new BackupRetentionOptions().RuleOf("basic", KeepRule.None), daily).ShouldBe(daily.Skip(30).Reverse().Select(b => b.Id));
    }

    [Fact]
    public void Should_keep_the_newest_of_each_day_and_of_each_week()
    {
        var (evening, morning) = (Scheduled(Now.AddDays(-1).AddHours(6)), Scheduled(Now.AddDays(-1).AddHours(-6)));
        var (monday, sunday, saturday) = (Scheduled(Now.AddDays(-2)), Scheduled(Now.AddDays(-3)), Scheduled(Now.AddDays(-4)));
        var old = Scheduled(Now.AddDays(-30));

        Expired(new(Last: 0, Daily: 2, Weekly: 2, Days: 0), [evening, morning, monday, sunday, saturday, old]).ShouldBe([old.Id, saturday.Id, monday.Id, morning.Id]);
    }

    [Fact]
    public void Should_count_days_as_the_tenant_does()
    {
        // One day in UTC, two in Tokyo.
        var (late, early) = (Scheduled(new(2026, 7, 14, 20, 0, 0, default)), Scheduled(new(2026, 7, 14, 2, 0, 0, default)));
        var rule = new RetentionRule(0, 3, 0, 0);

        Expired(rule, [late, early]).ShouldBe([early.Id]);
        Expired(rule, [late, early], "Asia/Tokyo").ShouldBeEmpty();
    }

    [Fact]
    public void Should_keep_what_somebody_asked_for_by_its_age_alone()
    {
        var (first, second, old) = (Asked(Now.AddHours(-1)), Asked(Now.AddHours(-2)), Asked(Now.AddDays(-31)));

        Expired(new(1, 30, 0, 30), [first, second, old]).ShouldBe([old.Id]);
    }

    [Fact]
    public void Should_keep_the_last_good_one_for_ever_unless_told_otherwise()
    {
        var (last, before) = (Scheduled(Now.AddDays(-400)), Scheduled(Now.AddDays(-401)));

        Expired(new(1, 30, 0, 30), [last, before]).ShouldBe([before.Id]);
        Expired(new(0, 30, 0, 30), [last, before]).ShouldBe([before.Id, last.Id]);
        // Its term is the removal's.
        Expired(new(0, 30, 0, 30), [last, before], deprovisioned: true).ShouldBe([before.Id]);
    }

    [Fact]
    public void Should_go_on_with_what_was_begun_and_not_take_it_for_the_last_one()
    {
        var begun = Scheduled(Now.AddHours(-1)) with { Expiring = true };
        var last = Scheduled(Now.AddDays(-50));

        Expired(new(1, 30, 0, 30), [begun, last]).ShouldBe([begun.Id]);
    }

    [Fact]
    public void Should_prefer_the_tenants_own_rule_to_its_plans_and_that_to_the_usual_one()
    {
        var options = new BackupRetentionOptions { Plans = { ["premium"] = new() { Daily = 60, Weekly = 12 } } };

        options.RuleOf("premium", new() { Weekly = 4, Last = 0 }).ShouldBe(new(0, 60, 4, 30));
        options.RuleOf("basic", KeepRule.None).ShouldBe(new(1, 30, 0, 30));
        options.Plans["basic"] = new() { Days = -1 };
        new BackupRetentionOptionsValidation().Validate(null, options).FailureMessage.ShouldBe("Saga:Backups:Retention:Plans:basic:Days must be 0 to 3650, and is -1.");
    }

    private static StoredBackup Scheduled(DateTimeOffset at) => new(Guid.CreateVersion7(at), at, Scheduled: true, Expiring: false);

    private static StoredBackup Asked(DateTimeOffset at) => Scheduled(at) with { Scheduled = false };

    private static IReadOnlyList<Guid> Expired(RetentionRule rule, IReadOnlyList<StoredBackup> backups, string timezone = "UTC", bool deprovisioned = false) =>
        rule.Expired(new(new(Guid.NewGuid()), "basic", timezone, deprovisioned, KeepRule.None, backups), Now);
}
