using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Processes;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

/// <summary>The intake is newer than all orchestrators, and a workflow of its version needs a level that they do not have.</summary>
public sealed class When_no_orchestrator_has_the_engine_level : IntakeTest
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ICommandIntake<RenameTenant> Rename => field ??= Intakes.Of<RenameTenant, RenameTenant, NewerPlan>(Registry, new());

    [Fact]
    public async Task Should_refuse_the_command_with_a_reason_until_one_comes()
    {
        var tenant = await ActiveAsync();
        // This process only hosts steps, so its level does not count.
        await BeatAsync(level: 2, orchestrates: false);
        await BeatAsync(level: 1, orchestrates: true);
        var rows = await RowsAsync();

        var refused = (await Rename.SubmitAsync(new(tenant, "New"), Caller.OfToken("ada"), Cancellation)).ShouldBeOfType<CommandRejected>().Rejection;

        (refused.Code, refused.Detail).ShouldBe((
            RejectionCodes.EngineTooOld, "The workflow 'rename' needs engine level 2, and no running orchestrator has it. Start orchestrators of this version, then send the command again."));
        (await Rename.PlanAsync(new(tenant, "New"), Cancellation)).Rejection!.Code.ShouldBe(RejectionCodes.EngineTooOld);
        (await RowsAsync()).ShouldBe(rows, "nothing was written");

        await BeatAsync(level: 2, orchestrates: true);
        (await Rename.SubmitAsync(new(tenant, "New"), Caller.OfToken("ada"), Cancellation)).ShouldBeOfType<CommandAccepted>("at once when an orchestrator has started");
    }

    [Fact]
    public async Task Should_refuse_nothing_that_every_orchestrator_can_run()
    {
        var tenant = await ActiveAsync();
        await Registry.ExecuteAsync("update processes set orchestrates = false");

        (await Intakes.Of<RenameTenant, RenameTenant, RenamePlan>(Registry, new()).SubmitAsync(new(tenant, "New"), Caller.OfToken("ada"), Cancellation))
            .ShouldBeOfType<CommandAccepted>("it waits for any orchestrator");
    }

    private async Task<TenantId> ActiveAsync()
    {
        var accepted = await AcceptedAsync(Command("acme"));
        await EndAsync(accepted.OperationId, "completed", "active");
        return accepted.TenantId!.Value;
    }

    private Task BeatAsync(int level, bool orchestrates) => new ProcessStore(Registry).BeatAsync(
        new()
        {
            Id = Guid.CreateVersion7(), Program = "test", Version = "0", Orchestrates = orchestrates, EngineLevel = level, Steps = [], MasterKeyIds = [], ConnectionBudget = 0,
        }, [], Cancellation);

    private sealed class NewerPlan : ICommandPlan<RenameTenant, RenameTenant>
    {
        private readonly RenamePlan plan = new();

        public static string Kind => RenamePlan.Kind;

        public static string Queue => RenamePlan.Queue;

        public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RenamePlan.Workflows[0] with { EngineLevel = 2 }];

        public string AuditAction => plan.AuditAction;

        public ValueTask<Checked<RenameTenant>> CheckAsync(RenameTenant command, CancellationToken cancellationToken) => plan.CheckAsync(command, cancellationToken);

        public CommandSubject Subject(RenameTenant input) => plan.Subject(input);

        public OperationRejected? Guard(RenameTenant input, Tenant tenant) => plan.Guard(input, tenant);

        public WorkflowDefinition Plan(RenameTenant input, Tenant? tenant) => Workflows[0];

        public IEnumerable<NpgsqlBatchCommand> Effects(RenameTenant input, BegunOperation operation) => plan.Effects(input, operation);

        public object AuditDetail(RenameTenant input) => plan.AuditDetail(input);
    }
}
