using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_command_is_tried_dry : IntakeTest
{
    [Fact]
    public async Task Should_show_what_would_run_and_write_nothing()
    {
        var plan = await Intake.PlanAsync(Command("acme") with { IdempotencyKey = "k" }, default);

        plan.Rejection.ShouldBeNull();
        plan.Input.ShouldBeOfType<ValidProvision>().Tier.ShouldBe(IsolationTier.Database);
        plan.Workflow.ShouldBe(ProvisionWorkflow.Definition);
        (await RowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_a_taken_name()
    {
        var running = await AcceptedAsync(Command("acme"));

        var refusal = (await Intake.PlanAsync(Command("acme"), default)).Rejection!;

        (refusal.Code, refusal.OperationId).ShouldBe((RejectionCodes.OperationActive, running.OperationId));
    }

    [Fact]
    public async Task Should_show_broken_rules()
    {
        var plan = await Intake.PlanAsync(Command("A") with { Plan = "nul\0" }, default);

        plan.Rejection!.Errors.Select(e => e.Pointer).ShouldBe(["/slug", "/plan"]);
        plan.Input.ShouldBeNull();
    }
}
