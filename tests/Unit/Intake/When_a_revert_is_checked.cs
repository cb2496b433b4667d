using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Revert;
using Saga.Registry.Holds;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_revert_is_checked
{
    private static readonly Plan Basic = Commands.Plan with { Name = "basic", Tiers = [IsolationTier.Row], DefaultTier = IsolationTier.Row, Limits = Commands.Plan.Limits with { Users = 100 } };

    // Tenant acme of plan premium, which was moved from shared tables to a schema.
    private static readonly Tenant Tenant = Commands.ActiveTenant with
    {
        Tier = IsolationTier.Schema, Placed = Commands.ActiveTenant.Placed! with { Tier = IsolationTier.Schema, Place = new("main", "saga_schemas_1", "t_2"), Epoch = 3 },
    };

    private static readonly KeptPlacement Kept = new(Commands.ActiveTenant.Placed! with { State = PlacementState.Kept }) { Until = DateTimeOffset.UnixEpoch };

    private static readonly ValidRevert Command = new() { Tenant = Tenant.Id, Kept = Kept, Plans = [Basic, Commands.Plan], Found = Tenant };

    private static readonly ValidRevert OfPlan = Command with { Kept = Kept with { Change = new("basic", 1, "premium", 1) } };

    [Fact]
    public void Should_be_allowed_while_the_former_place_is_kept()
    {
        Guard(Command).ShouldBeNull();
        Guard(OfPlan).ShouldBeNull();
        Guard(Command, Tenant with { Holds = [new(HoldCode.LimitExceeded, HoldEffect.NoGrowth, "ada", "Why.", DateTimeOffset.UnixEpoch)] }).ShouldBeNull();
    }

    [Fact]
    public void Should_be_refused_without_one()
    {
        foreach (var kept in (KeptPlacement?[])[null, Kept with { Until = null }])
        {
            var rejection = Guard(Command with { Kept = kept })!;
            (rejection.Code, rejection.Detail).ShouldBe((RejectionCodes.TenantState, "No former copy of the rows of tenant 'acme' is kept, so there is no move to revert."));
        }
    }

    [Theory]
    [InlineData(TenantStatus.Provisioning)]
    [InlineData(TenantStatus.Failed)]
    [InlineData(TenantStatus.Deprovisioned)]
    public void Should_need_an_active_tenant(TenantStatus status) => Guard(Command, Tenant with { Status = status })!.Detail.ShouldContain("must be active");

    [Theory]
    [InlineData(HoldCode.NonPayment, HoldEffect.Closed)]
    [InlineData(HoldCode.Move, HoldEffect.ReadOnly)]
    public void Should_be_refused_for_a_tenant_that_is_held(HoldCode code, HoldEffect effect) =>
        Guard(Command, Tenant with { Holds = [new(code, effect, "ada", "Why.", DateTimeOffset.UnixEpoch)] })!.Code.ShouldBe(RejectionCodes.TenantState);

    [Fact]
    public void Should_restore_the_plan_that_the_move_replaced()
    {
        (Command.PlanOf(Tenant), OfPlan.PlanOf(Tenant)).ShouldBe((null, "basic"));
        OfPlan.PlanOf(Tenant with { Plan = "custom" }).ShouldBeNull("another migration has changed it since");
        (Plan(Command), Plan(OfPlan)).ShouldBe((RevertWorkflow.InPlan, RevertWorkflow.WithPlan));
    }

    [Fact]
    public void Should_be_refused_when_the_plan_does_not_allow_the_former_tier()
    {
        var rejection = Guard(Command with { Plans = [Commands.Plan with { Tiers = [IsolationTier.Schema], DefaultTier = IsolationTier.Schema }] })!;

        rejection.Code.ShouldBe(RejectionCodes.TenantState);
        rejection.Detail.ShouldContain("has isolation row, and plan premium allows schema");
        Guard(OfPlan with { Plans = [Commands.Plan] })!.Detail.ShouldContain("The plan 'basic'");
    }

    [Fact]
    public void Should_be_refused_when_the_former_plan_is_too_small_meanwhile()
    {
        var rejection = Guard(OfPlan, Tenant with { MaxUsers = 500 })!;

        (rejection.Code, rejection.Errors.ShouldHaveSingleItem().Pointer).ShouldBe((RejectionCodes.PlanTooSmall, "/targetPlan"));
    }

    [Fact]
    public void Should_put_rows_back_whatever_the_plan_allows()
    {
        // Of a tenant of the row tier, whose replaced rows are kept in a schema.
        var row = Commands.ActiveTenant with { Plan = "basic", Tier = IsolationTier.Row };
        var command = Command with { Kept = Kept with { Placement = Kept.Placement with { Tier = IsolationTier.Schema }, Keeps = row.Placed!.Id }, Plans = [Basic], Found = row };

        Guard(command, row).ShouldBeNull();
        Plan(command).ShouldBe(RevertWorkflow.PutBack);
        RevertWords.Of(command, row)[0].ShouldBe("The rows that the tenant's last restore has replaced are put back. They are kept on server main until 1970-01-01 00:00:00Z.");
    }

    [Fact]
    public void Should_say_in_words_what_changes()
    {
        var words = RevertWords.Of(OfPlan, Tenant);

        words[0].ShouldBe("The tenant goes back to its former place with isolation row on server main, which is kept until 1970-01-01 00:00:00Z.");
        words[1].ShouldBe("The plan premium becomes basic again. The tenant's own features and settings stay.");
        words.Count.ShouldBe(4);
        RevertWords.Of(Command, Tenant).Count.ShouldBe(3);
    }

    private static Saga.Engine.Workflows.WorkflowDefinition Plan(ValidRevert command) => new RevertPlan(null!, null!, null!).Plan(command, Tenant);

    private static OperationRejected? Guard(ValidRevert command, Tenant? tenant = null) => new RevertPlan(null!, null!, null!).Guard(command, tenant ?? Tenant);
}
