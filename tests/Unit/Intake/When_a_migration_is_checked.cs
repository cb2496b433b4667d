using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Registry.Holds;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_migration_is_checked
{
    private static readonly Plan Basic = Commands.Plan with
    {
        Name = "basic", Tiers = [IsolationTier.Row], DefaultTier = IsolationTier.Row,
        Limits = new() { Users = 100, StorageGib = 10, RequestsPerDay = 1_000, DatabaseConnections = 10 },
        Features = new Dictionary<string, bool> { ["biometric_auth"] = false, ["custom_branding"] = false },
        Settings = new Dictionary<string, PlanSetting>(Commands.Plan.Settings) { ["digits"] = new() { Value = Commands.Element("8"), Minimum = 8, Maximum = 16 } },
    };

    private static readonly Plan Enterprise = Commands.Plan with { Name = "enterprise", Tiers = [IsolationTier.Database, IsolationTier.Schema], DefaultTier = IsolationTier.Database };

    private static readonly Plan Custom = Commands.Plan with
    {
        Name = "custom", Limits = new() { Users = 100_000, StorageGib = 10_240, DatabaseConnections = 10, OwnLimits = OwnLimitRule.AtLeast },
    };

    private static readonly Plan[] Plans = [Basic, Enterprise, Commands.Plan, Custom];
    private static readonly PlacementServer[] Servers = [new("main", "eu", 1, 10, true), new("other", "eu", 1, 10, true)];

    private static readonly Tenant Tenant = Commands.ActiveTenant;

    private static readonly MigrateTenant Command = new() { TenantId = Tenant.Id, TargetPlan = "basic" };

    [Fact]
    public void Should_be_allowed_within_a_tier_whatever_the_downtime()
    {
        foreach (var downtime in (bool?[])[null, false, true])
            Guard(Command with { MigrationOptions = new() { Downtime = downtime } }).ShouldBeNull();
    }

    [Fact]
    public void Should_report_every_broken_rule()
    {
        MigrateValidation.Validate(new() { TenantId = default, TargetPlan = "gold", Isolation = "shelf", Server = "nowhere" }, Plans, Servers, out var errors).ShouldBeNull();

        errors.Select(e => e.Pointer).ShouldBe(["/tenantId", "/targetPlan", "/isolation", "/server"]);
        errors[3].Detail.ShouldBe("must be one of main, other");
    }

    [Fact]
    public void Should_ask_for_something() => Pointers(Command with { TargetPlan = null }).ShouldBe("/targetPlan");

    [Fact]
    public void Should_refuse_a_tier_that_the_plan_does_not_allow()
    {
        Pointers(Command with { Isolation = "schema" }).ShouldBe("/isolation");
        // The tenant's own plan is known only with the tenant.
        Guard(Command with { TargetPlan = null, Isolation = "database" })!.Errors.ShouldHaveSingleItem().ShouldBe(new("/isolation", "plan premium allows schema or row"));
    }

    [Theory]
    [InlineData("premium", null, null, "/targetPlan")]
    [InlineData(null, "row", null, "/isolation")]
    [InlineData(null, null, "main", "/server")]
    public void Should_refuse_what_changes_nothing(string? plan, string? isolation, string? server, string pointer) =>
        Guard(Command with { TargetPlan = plan, Isolation = isolation, Server = server })!.Errors.ShouldHaveSingleItem().Pointer.ShouldBe(pointer);

    [Theory]
    [InlineData(TenantStatus.Provisioning)]
    [InlineData(TenantStatus.Failed)]
    [InlineData(TenantStatus.Deprovisioned)]
    public void Should_refuse_a_status_and_say_which_one_is_needed(TenantStatus status)
    {
        var rejection = Guard(Command, Tenant with { Status = status })!;

        rejection.Code.ShouldBe(RejectionCodes.TenantState);
        rejection.Detail.ShouldContain("must be active");
    }

    [Theory]
    [InlineData(HoldCode.NonPayment, HoldEffect.Closed, false)]
    [InlineData(HoldCode.Move, HoldEffect.ReadOnly, false)]
    [InlineData(HoldCode.Deletion, HoldEffect.Away, false)]
    [InlineData(HoldCode.LimitExceeded, HoldEffect.NoGrowth, true)]
    public void Should_depend_on_the_holds_effect(HoldCode code, HoldEffect effect, bool allowed)
    {
        var rejection = Guard(Command, Tenant with { Holds = [new(code, effect, "ada", "Why.", DateTimeOffset.UnixEpoch)] });

        (rejection is null).ShouldBe(allowed);
        rejection?.Code.ShouldBe(RejectionCodes.TenantState);
    }

    [Fact]
    public void Should_refuse_a_plan_that_the_tenants_own_values_do_not_fit_and_give_the_numbers()
    {
        var rejection = Guard(Command, Tenant with { MaxUsers = 500, MaxStorageGib = 50, Settings = new Dictionary<string, JsonElement> { ["digits"] = Commands.Element("40") } })!;

        rejection.Code.ShouldBe(RejectionCodes.PlanTooSmall);
        rejection.Detail.ShouldBe(
            "Tenant 'acme' does not fit plan basic: its own maxUsers (500) must be from 1 to 100 with plan basic; its own maxStorage (50 GiB) must be from 1 to 10 GiB with plan basic; its own setting 'digits' (40) must be an integer from 8 to 16.");
    }

    [Fact]
    public void Should_keep_limits_of_the_tenants_own_that_fit() =>
        Guard(Command, Tenant with { MaxUsers = 100, MaxStorageGib = 1 }).ShouldBeNull();

    [Fact]
    public void Should_ask_to_remove_limits_of_the_tenants_own_below_those_of_a_plan_where_tenants_begin()
    {
        var rejection = Guard(Command with { TargetPlan = "custom" }, Tenant with { MaxUsers = 500 })!;

        rejection.Code.ShouldBe(RejectionCodes.TenantState, "the plan is larger, not too small");
        rejection.Detail.ShouldBe(
            "With plan custom a tenant's own limits begin at the plan's: of tenant 'acme', its own maxUsers (500) is below 100000. Remove it first, by an update with null; the tenant then has the limits of plan custom.");
        rejection.Errors.ShouldHaveSingleItem().ShouldBe(new("/targetPlan", "its own maxUsers (500) is below 100000, the least with plan custom; an update of maxUsers with null removes it"));
        Guard(Command with { TargetPlan = "custom" }, Tenant with { MaxUsers = 100_000 }).ShouldBeNull();
    }

    [Fact]
    public void Should_migrate_to_the_current_version_of_its_own_plan()
    {
        var former = Commands.Plan with { Limits = Commands.Plan.Limits with { Users = 250 } };
        var input = Validate(Command with { TargetPlan = "premium" })! with { Plans = [Basic, Commands.Plan with { Version = 2 }], Plan = Commands.Plan with { Version = 2 }, OwnPlan = former, Found = Tenant };

        new MigratePlan(null!, null!, null!, null!).Guard(input, Tenant).ShouldBeNull();
        new MigratePlan(null!, null!, null!, null!).Guard(input, Tenant with { PlanVersion = 2 })!.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/targetPlan");
        MigrateWords.Of(MigrateTarget.Of(input, Tenant)!, input).Take(2).ShouldBe(["Version 1 of the plan premium becomes version 2.", "The limit of users changes from 250 to 1000."]);
    }

    [Fact]
    public void Should_refuse_another_version_than_the_current_one_and_say_which_that_is()
    {
        var rejection = Guard(Command with { TargetVersion = 2 })!;

        rejection.Code.ShouldBe(RejectionCodes.PlanChanged);
        rejection.Detail.ShouldBe("Version 1 of the plan 'basic' is current, and not 2. See with a dry run what it would change, then send the command with that version or without one.");
        rejection.Errors.ShouldHaveSingleItem().ShouldBe(new("/targetVersion", "must be 1 or absent"));
        Guard(Command with { TargetVersion = 1 }).ShouldBeNull();
        Pointers(Command with { TargetPlan = null, Isolation = "schema", TargetVersion = 1 }).ShouldBe("/targetVersion");
    }

    [Theory]
    [InlineData("basic", 3)]
    [InlineData(null, null)]
    public void Should_be_stored_with_the_version_that_it_was_checked_with(string? plan, int? expected)
    {
        var command = Command with { TargetPlan = plan, Isolation = "row" };

        var stored = new MigratePlan(null!, null!, null!, null!).Resolve(command, Validate(command)! with { Plan = plan is null ? null : Basic with { Version = 3 } });

        stored.ShouldBe(command with { TargetVersion = expected });
    }

    [Fact]
    public void Should_keep_the_version_when_only_the_place_changes()
    {
        var former = Commands.Plan with { Version = 1 };
        var input = Validate(Command with { TargetPlan = null, Isolation = "schema" })! with { Plans = [Commands.Plan with { Version = 2 }], OwnPlan = former };

        MigrateTarget.Of(input, Tenant).ShouldNotBeNull().ShouldSatisfyAllConditions(t => t.Plan.Version.ShouldBe(1), t => t.ChangesPlan.ShouldBeFalse());
    }

    [Fact]
    public void Should_refuse_to_start_empty_where_no_row_moves() =>
        Guard(Command with { Confirm = "acme", MigrationOptions = new() { PreserveData = false } })!.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/migrationOptions/preserveData");

    [Theory]
    [InlineData("enterprise", null, null)]
    [InlineData(null, "schema", null)]
    [InlineData(null, null, "other")]
    public void Should_not_move_rows_without_downtime(string? plan, string? isolation, string? server) =>
        Guard(Command with { TargetPlan = plan, Isolation = isolation, Server = server, MigrationOptions = new() { Downtime = false } })!.Code.ShouldBe(RejectionCodes.NotSupported);

    [Fact]
    public void Should_say_in_words_what_changes()
    {
        var input = Validate(Command)!;

        MigrateWords.Of(MigrateTarget.Of(input, Tenant)!, input).ShouldBe(
        [
            "The plan premium becomes basic.", "The limit of users changes from 1000 to 100.", "The limit of storage in GiB changes from 100 to 10.",
            "The limit of requests a day changes from 10000 to 1000.", "By default off: biometric_auth, custom_branding.",
            "The tenant's own limits, features and settings stay. Its users are counted when the operation starts, and its storage is measured if its limit is lowered; the migration is undone if they do not fit. Its requests are not measured yet, so they are not compared with the plan.",
        ]);
    }

    private static OperationRejected? Guard(MigrateTenant command, Tenant? tenant = null) =>
        new MigratePlan(null!, null!, null!, null!).Guard(Validate(command) ?? throw new InvalidOperationException("It breaks a rule."), tenant ?? Tenant);

    private static ValidMigrate? Validate(MigrateTenant command) => MigrateValidation.Validate(command, Plans, Servers, out _);

    private static string Pointers(MigrateTenant command)
    {
        MigrateValidation.Validate(command, Plans, Servers, out var errors);
        return string.Join(' ', errors.Select(e => e.Pointer));
    }
}
