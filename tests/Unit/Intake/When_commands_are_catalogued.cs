using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Tests.Unit.Engine;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_commands_are_catalogued
{
    private static readonly CommandEntry Provision = new("provision", typeof(ProvisionTenant), Endpoints.Commands, [ProvisionWorkflow.Definition]);

    [Fact]
    public void Should_list_every_command_of_this_version_once()
    {
        var entries = CommandCatalogue.Of(new ServiceCollection().AddLifecycle(Catalogue.NoSettings).AddLifecycle(Catalogue.NoSettings)).Entries;

        entries.Select(e => e with { BoxedField = Provision.BoxedField }).ShouldContain(Provision with { Workflows = ProvisionPlan.Workflows, Scheduling = ProvisionPlan.Scheduling });
        entries.Select(e => e.Kind).ShouldBeUnique();
    }

    [Fact]
    public void Should_know_what_removes_something_for_good()
    {
        var catalogue = CommandCatalogue.Of(new ServiceCollection().AddLifecycle(Catalogue.NoSettings));

        catalogue.Entries.Select(e => e.Kind).Where(catalogue.Removes).Order(StringComparer.Ordinal).ShouldBe(
            ["deprovision", "destroyBackups", "expireBackups", "expireRegistryBackups", "remove", "remove-copy", "remove-export", "remove-restored", "removeQuarantined", "repairDrift"]);
        catalogue.Removes("kind-of-tomorrow").ShouldBeTrue();
    }

    [Theory]
    [InlineData("provision", "other-queue")]
    [InlineData("other", "saga-commands")]
    public void Should_keep_kinds_and_queues_apart(string kind, string queue) =>
        Should.Throw<InvalidOperationException>(() => new CommandCatalogue([Provision, new(kind, typeof(string), queue, [])])).Message.ShouldContain("shares");

    [Fact]
    public void Should_enforce_the_rules_for_workflows() =>
        Should.Throw<InvalidOperationException>(() => new CommandCatalogue([Provision with { Workflows = [new() { Kind = "provision", Version = 1, Steps = [Graph.Step("a", "a")] }] }]))
            .Message.ShouldContain("comes after itself");

    [Fact]
    public void Should_refuse_a_workflow_of_another_kind() =>
        Should.Throw<InvalidOperationException>(() => new CommandCatalogue([Provision with { Workflows = [Graph.Of(Graph.Step("a"))] }]))
            .Message.ShouldContain("workflow of kind");
}
