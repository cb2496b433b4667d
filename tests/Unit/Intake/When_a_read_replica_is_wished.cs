using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Provision;
using Saga.Lifecycle.Update;
using Saga.Registry.Holds;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_read_replica_is_wished
{
    private static readonly Tenant Tenant = Commands.ActiveTenant;
    private static readonly PlacementServer With = new("main", "eu", 1, 10, true, HasReplica: true);
    private static readonly PlacementServer Without = With with { HasReplica = false };

    [Fact]
    public void Should_be_made_after_the_tables_and_before_the_tenant_is_verified()
    {
        var steps = ProvisionWorkflow.WithReplica.Steps;

        steps.Single(s => s.Name == StepNames.CreateReplica).After.ShouldBe([StepNames.Migrate]);
        steps.Single(s => s.Name == StepNames.Verify).After.ShouldContain(StepNames.CreateReplica);
        ProvisionWorkflow.Definition.Steps.ShouldNotContain(s => s.Name == StepNames.CreateReplica);
    }

    [Theory]
    [InlineData(true, StepNames.CreateReplica, false)]
    [InlineData(false, StepNames.RemoveReplica, true)]
    public void Should_be_made_before_the_pivot_of_an_update_and_removed_after_it(bool on, string step, bool after)
    {
        foreach (var fields in (Dictionary<string, object?>[])[new() { [TenantField.ReadReplica] = on }, new() { [TenantField.ReadReplica] = on, [TenantField.Name] = "Bolt" }])
        {
            var change = Change(fields);
            var steps = UpdateWorkflow.Of(change).Steps;

            UpdatePlan.Workflows.ShouldContain(UpdateWorkflow.Of(change));
            steps.Any(s => s.Name == StepNames.UpdateOrganization).ShouldBe(fields.Count == 2);
            var (made, pivot) = (steps.Single(s => s.Name == step), steps.Single(s => s.Kind == StepKind.Pivot));
            (made.After.Contains(pivot.Name), pivot.After.Contains(step)).ShouldBe((after, !after));
        }

        UpdateWorkflow.Of(Change(new() { [TenantField.Phone] = null })).ShouldBe(UpdateWorkflow.InRegistry);
    }

    [Fact]
    public void Should_be_refused_in_an_update_where_the_tenants_server_has_none()
    {
        var rejection = Update(true, Without)!;

        (rejection.Code, rejection.Errors.ShouldHaveSingleItem().Pointer).ShouldBe((RejectionCodes.NoReplica, "/readReplica"));
        rejection.Detail.ShouldContain("'main'");
        Update(true, With).ShouldBeNull();
        Update(true, With with { Name = "other" })!.Code.ShouldBe(RejectionCodes.NoReplica);
        Update(false, Without).ShouldBeNull("it may always be turned off");
    }

    [Theory]
    [InlineData(HoldEffect.Closed, true)]
    [InlineData(HoldEffect.NoGrowth, false)]
    public void Should_be_turned_on_only_while_the_tenant_is_open(HoldEffect effect, bool refused)
    {
        var held = Tenant with { Holds = [new(HoldCode.NonPayment, effect, "ada", "Why.", DateTimeOffset.UnixEpoch)] };

        (Update(true, With, held)?.Code == RejectionCodes.TenantState).ShouldBe(refused);
        Update(false, With, held).ShouldBeNull();
    }

    [Fact]
    public void Should_keep_a_tenant_off_servers_without_one()
    {
        var command = new ValidMigrate { Tenant = Tenant.Id, Server = "other", Downtime = true, Plans = [Commands.Plan], Servers = [With, Without with { Name = "other" }] };
        var wishing = Tenant with { ReadReplica = true };

        var rejection = Move(command, wishing)!;

        (rejection.Code, rejection.Errors.ShouldHaveSingleItem()).ShouldBe((RejectionCodes.NoReplica, new FieldError("/server", "has no read replica")));
        Move(command, Tenant).ShouldBeNull();
        Move(command with { Servers = [With, With with { Name = "other" }] }, wishing).ShouldBeNull();
        Move(command with { Server = null, Tier = IsolationTier.Schema, Servers = [Without] }, wishing).ShouldBeNull("on the server where it is, nobody can help it");
    }

    [Theory]
    [InlineData(true, "The tenant gets a new read-only login, and is read on the replicas of server main.")]
    [InlineData(false, "Server main has no read replica any more: reads go to the new place.")]
    public void Should_be_in_the_words_of_a_move(bool offered, string expected)
    {
        var command = new ValidMigrate { Tenant = Tenant.Id, Tier = IsolationTier.Schema, Downtime = true, Plans = [Commands.Plan], Servers = [offered ? With : Without], Found = Tenant with { ReadReplica = true } };

        MigrateWords.Of(MigrateTarget.Of(command, Tenant)!, command).ShouldContain(expected);
        MigrateWords.Of(MigrateTarget.Of(command, Tenant)!, command with { Found = Tenant }).ShouldNotContain(expected);
    }

    private static TenantChange Change(Dictionary<string, object?> after) => new(
        after.ToDictionary(f => f.Key, _ => Commands.Element("null")), after.ToDictionary(f => f.Key, f => System.Text.Json.JsonSerializer.SerializeToElement(f.Value)));

    private static OperationRejected? Update(bool on, PlacementServer server, Tenant? tenant = null) => new UpdatePlan(null!, null!, null!, null!, null!).Guard(
        new() { Tenant = Tenant.Id, Version = Tenant.Version, Change = Change(new() { [TenantField.ReadReplica] = on }), Found = Tenant, Servers = [server] }, tenant ?? Tenant);

    private static OperationRejected? Move(ValidMigrate command, Tenant tenant) => new MigratePlan(null!, null!, null!, null!).Guard(command, tenant);
}
