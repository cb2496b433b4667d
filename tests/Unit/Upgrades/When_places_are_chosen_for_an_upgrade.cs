using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Batches;
using Saga.Registry.Placements;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Upgrades;

public sealed class When_places_are_chosen_for_an_upgrade
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 1, 0, 0, TimeSpan.Zero);
    private static readonly PlaceVersion Own = new() { Tier = IsolationTier.Database, Place = new("main", "tenant_a", "product"), Tenants = 1, Version = 3, Tenant = new(Guid.NewGuid()), Slug = "acme", Timezone = "UTC" };
    private static readonly PlaceVersion Shared = new() { Tier = IsolationTier.Row, Place = new("main", "saga_rows", "product"), Tenants = 7, Version = 3 };

    [Theory]
    [InlineData(4, true, false, UpgradeChoice.Upgrade)]
    [InlineData(3, true, false, UpgradeChoice.HasVersion)]
    [InlineData(2, true, true, UpgradeChoice.HasVersion)]
    [InlineData(4, false, false, UpgradeChoice.AutoUpdateOff)]
    [InlineData(4, false, true, UpgradeChoice.Upgrade)]
    public void Should_leave_out_who_has_the_version_or_does_not_want_updates_unless_named(int target, bool autoUpdate, bool named, UpgradeChoice choice) =>
        UpgradeRules.Choose(Own with { AutoUpdate = autoUpdate }, target, named).ShouldBe(choice);

    [Fact]
    public void Should_upgrade_shared_tables_whatever_one_of_their_tenants_wants() => UpgradeRules.Choose(Shared with { AutoUpdate = false }, 4, isNamed: false).ShouldBe(UpgradeChoice.Upgrade);

    [Fact]
    public void Should_upgrade_what_no_step_has_recorded_a_version_of() => UpgradeRules.Choose(Own with { Version = null }, 1, isNamed: false).ShouldBe(UpgradeChoice.Upgrade);

    [Theory]
    [InlineData(null, true, VersionLag.NotOrdered)]
    [InlineData(null, false, VersionLag.AutoUpdateOff)]
    [InlineData(BatchItemState.Skipped, false, VersionLag.AutoUpdateOff)]
    [InlineData(BatchItemState.Succeeded, true, VersionLag.NotOrdered)]
    [InlineData(BatchItemState.Pending, false, VersionLag.Ordered)]
    [InlineData(BatchItemState.Running, true, VersionLag.Ordered)]
    [InlineData(BatchItemState.Failed, true, VersionLag.Failed)]
    [InlineData(BatchItemState.Refused, false, VersionLag.Failed)]
    public void Should_say_why_a_place_lags_behind(BatchItemState? last, bool autoUpdate, VersionLag why) =>
        UpgradeRules.Why(Own with { AutoUpdate = autoUpdate, LastUpgrade = last is { } state ? new(Guid.NewGuid(), state, null, null) : null }, Now).ShouldBe(why);

    [Fact]
    public void Should_say_that_a_place_waits_for_its_window_until_that_opens()
    {
        var waiting = Own with { LastUpgrade = new(Guid.NewGuid(), BatchItemState.Pending, Now, null) };

        (UpgradeRules.Why(waiting, Now.AddSeconds(-1)), UpgradeRules.Why(waiting, Now)).ShouldBe((VersionLag.Window, VersionLag.Ordered));
    }

    [Theory]
    [InlineData(0, 4, false)]
    [InlineData(1, 4, true)]
    [InlineData(4, 4, true)]
    [InlineData(5, 4, false)]
    [InlineData(1, 0, false)]
    public void Should_take_released_versions_only(int version, int newest, bool taken) => (UpgradeRules.VersionError(version, newest) is null).ShouldBe(taken);

    [Fact]
    public void Should_choose_the_backup_and_the_scope_by_the_place()
    {
        var plan = new UpgradePlan(null!);
        var own = new UpgradePlace { TenantId = Own.Tenant, Server = "main", Database = "tenant_a", Schema = "product", TargetVersion = 4, BackupFirst = true };
        var shared = new UpgradePlace { Server = "main", Database = "saga_rows", Schema = "product", TargetVersion = 4 };

        plan.Plan(own, null).Steps.Select(s => s.Name).ShouldBe(["backup.begin", "backup.rows", "backup.settings", "backup.objects", "backup.complete", "place.migrate"]);
        plan.Plan(shared, null).Steps.Select(s => s.Name).ShouldBe(["place.migrate"]);
        new RehearsalPlan(null!).Plan(new() { TenantId = Own.Tenant!.Value, Server = "main", Database = "tenant_a", Schema = "product", TargetVersion = 4 }, null).Steps.Select(s => s.Name).ShouldBe(
            ["backup.begin", "backup.rows", "backup.settings", "backup.objects", "backup.complete", "backup.check", "restored.create", "restored.fill", "restored.verify", "rehearsal.end"]);
        plan.WithoutSecrets(own with { ClosesAt = Now }).ShouldBe(own, "another window is no other command");
    }
}
