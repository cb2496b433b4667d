using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_rows_would_move
{
    private static readonly PlacementServer Main = new("main", "eu", 1, 10, true);
    private static readonly PlacementServer Other = new("other", "eu", 9, 10, true);
    private static readonly Tenant Tenant = Commands.ActiveTenant with { Region = "eu" };

    private static readonly ValidMigrate Command = new()
    {
        Tenant = Tenant.Id, Tier = IsolationTier.Schema, Downtime = true, Plans = [Commands.Plan], Servers = [Main, Other],
    };

    [Fact]
    public void Should_be_allowed_with_downtime()
    {
        Guard(Command).ShouldBeNull();
        Guard(Command with { Tier = null, Server = "other" }).ShouldBeNull("one more fits");
        Guard(Command with { PreserveData = false, Confirm = "acme" }).ShouldBeNull();
    }

    [Fact]
    public void Should_name_the_option_that_is_missing()
    {
        var rejection = Guard(Command with { Downtime = false })!;

        (rejection.Code, rejection.Errors.ShouldHaveSingleItem().Pointer).ShouldBe((RejectionCodes.NotSupported, "/migrationOptions/downtime"));
        rejection.Detail.ShouldContain("from isolation row on server main to schema on main");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Acme")]
    [InlineData("acme ")]
    public void Should_ask_for_the_slug_before_a_tenant_starts_empty(string? confirm)
    {
        var rejection = Guard(Command with { PreserveData = false, Confirm = confirm })!;

        (rejection.Code, rejection.Errors.ShouldHaveSingleItem()).ShouldBe((RejectionCodes.Validation, new("/confirm", "must be 'acme', because the tenant would start empty")));
    }

    [Theory]
    [InlineData("eu-2", true, 1, RejectionCodes.Validation, "must be in the tenant's region 'eu'; 'other' is in 'eu-2'")]
    [InlineData("eu", false, 1, RejectionCodes.NoServer, "takes no further placements")]
    [InlineData("eu", true, 10, RejectionCodes.ServerFull, "is full")]
    public void Should_need_a_server_with_room_in_the_region(string region, bool accepting, int used, string code, string error)
    {
        var rejection = Guard(Command with { Server = "other", Servers = [Main, new("other", region, used, 10, accepting)] })!;

        (rejection.Code, rejection.Errors.ShouldHaveSingleItem()).ShouldBe((code, new("/server", error)));
        if (code == RejectionCodes.ServerFull)
            rejection.Detail.ShouldContain("10 of 10 placements");
    }

    [Fact]
    public void Should_need_a_server_that_is_known()
    {
        var rejection = Guard(Command with { Servers = [Other] })!;

        rejection.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/server");
        Guard(Command with { Server = "other", Servers = [Other] }).ShouldBeNull("the former server may be gone from the configuration");
    }

    [Fact]
    public void Should_not_go_to_shared_tables_that_still_have_a_copy_of_them()
    {
        var moved = Tenant with { Tier = IsolationTier.Schema, Placed = Tenant.Placed! with { Tier = IsolationTier.Schema, Place = new("main", "saga_schemas_1", "t_2"), Epoch = 3 } };
        var kept = new KeptPlacement(Tenant.Placed! with { State = PlacementState.Kept }) { Until = DateTimeOffset.UnixEpoch };
        var back = Command with { Tier = IsolationTier.Row, Kept = [kept] };

        var rejection = Guard(back, moved)!;

        rejection.Code.ShouldBe(RejectionCodes.TenantState);
        rejection.Detail.ShouldContain("in the shared tables of server 'main' until 1970-01-01 00:00:00Z");
        Guard(back with { Server = "other" }, moved).ShouldBeNull();
        Guard(back with { Tier = IsolationTier.Schema, Server = "other" }, moved).ShouldBeNull("a copy in other tables is no obstacle");
    }

    [Fact]
    public void Should_say_what_happens_to_them()
    {
        MigrateWords.Of(MigrateTarget.Of(Command, Tenant)!, Command)[0].ShouldBe("The rows get a place with isolation schema on server main.");
        MigrateWords.Of(MigrateTarget.Of(Command, Tenant)!, Command with { PreserveData = false })[1].ShouldStartWith("The tenant starts empty: no row is moved.");
    }

    [Fact]
    public void Should_be_compared_before_the_tenant_is_routed_elsewhere()
    {
        foreach (var workflow in (Saga.Engine.Workflows.WorkflowDefinition[])[MigrateWorkflow.Move, MigrateWorkflow.MoveAndChange])
        {
            var names = workflow.Steps.Select(s => s.Name).ToList();
            names.IndexOf(StepNames.CompareRows).ShouldBeInRange(names.IndexOf(StepNames.LockPlace), names.IndexOf(StepNames.Switch));
        }
    }

    private static OperationRejected? Guard(ValidMigrate command, Tenant? tenant = null) => new MigratePlan(null!, null!, null!, null!).Guard(command, tenant ?? Tenant);
}
