using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Intake;

/// <summary>A command for tests that does not concern a single tenant.</summary>
public sealed record RollOutToFleet(string Release, string? IdempotencyKey = null);

public sealed class RollOutToFleetPlan : ICommandPlan<RollOutToFleet, RollOutToFleet>
{
    public const string Step = "fleet.roll-out";

    public static string Kind => "roll-out-fleet";

    public static string Queue => "saga-commands-roll-out-fleet";

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
        [new WorkflowDefinition { Kind = Kind, Version = 1, Steps = [new() { Name = Step, Worker = EngineHost.Worker }] }.Validated()];

    public string AuditAction => "fleet.rollOut";

    public ValueTask<Checked<RollOutToFleet>> CheckAsync(RollOutToFleet command, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Checked<RollOutToFleet>>(new(command, []));

    public CommandSubject Subject(RollOutToFleet input) => new CommandSubject.NoTenant();

    public OperationPriority Priority(RollOutToFleet input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(RollOutToFleet input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(RollOutToFleet input) => new { input.Release };
}
