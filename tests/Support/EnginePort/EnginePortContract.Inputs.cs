using System.Text.Json;
using Saga.Contracts.CustomSteps;
using Saga.Engine.Operations;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_hand_a_step_the_command_and_the_outputs_that_it_needs()
    {
        var acceptance = New("tenant:a") with { Input = """{"name":"Acme"}""" };
        (await AcceptAsync(acceptance)).ShouldBeNull();
        await CommitAsync(Change(acceptance.OperationId, Succeeded("one"), Succeeded("two")));

        var inputs = await World.StepInputs.ReadAsync(acceptance.OperationId, ["one", "missing"], command: true, default);

        inputs.Command.ShouldNotBeNull().GetProperty("name").GetString().ShouldBe("Acme");
        inputs.Outputs.Keys.ShouldBe(["one"]);
        inputs.Outputs["one"].GetProperty("from").GetString().ShouldBe("one");
    }

    [Fact]
    public async Task Should_hand_a_step_nothing_that_it_does_not_need()
    {
        var operation = await World.AcceptAsync(Workflow);
        await CommitAsync(Change(operation, Succeeded("one")));

        (await World.StepInputs.ReadAsync(operation, [], command: false, default)).Outputs.ShouldBeEmpty();
        var inputs = await World.StepInputs.ReadAsync(operation, ["two"], command: false, default);
        inputs.Command.ShouldBeNull();
        inputs.Outputs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_how_the_operations_workflow_defines_a_step()
    {
        var call = new HttpCall { ExecuteUrl = "https://a.example/", CompensateUrl = "https://a.example/undo", Secret = "acme" };
        var workflow = Workflow with { Steps = [Workflow.Steps[0], Workflow.Steps[1] with { Http = call, NeedsInput = true, Needs = ["one"] }] };
        var operation = await World.AcceptAsync(workflow);

        var found = (await World.StepInputs.FindAsync(operation, "two", default)).ShouldNotBeNull();

        found.Kind.ShouldBe(workflow.Kind);
        found.CreatedAt.ShouldBe(await NowAsync(), TimeSpan.FromMinutes(1));
        found.Definition.Http.ShouldBe(call);
        found.Definition.NeedsInput.ShouldBeTrue();
        found.Definition.Needs.ShouldBe(["one"]);
        (await World.StepInputs.FindAsync(operation, "three", default)).ShouldBeNull();
        (await World.StepInputs.FindAsync(Guid.CreateVersion7(), "two", default)).ShouldBeNull();
    }

    private static StepChange Succeeded(string step) => new(
        new StepRun { Name = step, Status = StepStatus.Succeeded, Fence = 1, Attempt = 1, Output = JsonSerializer.SerializeToElement(new { from = step }) }, 1);
}
