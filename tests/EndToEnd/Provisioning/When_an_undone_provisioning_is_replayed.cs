using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

/// <summary>Its command runs again, with what was wrong in it mended, and the tenant that failed leaves nothing.</summary>
[InTurn(2, of: 3)]
public sealed class When_an_undone_provisioning_is_replayed
{
    [Fact]
    public async Task Should_complete_with_what_is_different()
    {
        await using var running = await RunningSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Tenant.Name == "Wrong" && context.Step == Saga.Contracts.Steps.StepNames.Verify)
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });
        var undone = await running.SubmitAsync(Site.NewCommand("premium") with { Name = "Wrong" });
        await running.EndAsync([undone], OperationState.Compensated);

        var outcome = await running.SubmitAsync(new ReplayOperation
        {
            OperationId = undone.OperationId, Reason = "The name was wrong.", Input = JsonSerializer.SerializeToElement(new { name = "Right" }),
        });

        var replay = outcome.ShouldBeOfType<CommandAccepted>();
        replay.OperationId.ShouldNotBe(undone.OperationId);
        await running.EndAsync([replay], OperationState.Completed);
    }
}
