using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Intake;

/// <summary>A part of <see cref="RollOutToFleet"/>, or a command of its own.</summary>
public sealed record RollOutToTenant(TenantId TenantId, Guid? Parent = null, string? IdempotencyKey = null, bool Urgent = false);

public sealed class RollOutToTenantPlan : ICommandPlan<RollOutToTenant, RollOutToTenant>
{
    public const string Step = "tenant.roll-out";

    public static string Kind => "roll-out-tenant";

    public static string Queue => "saga-commands-roll-out-tenant";

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
        [new WorkflowDefinition { Kind = Kind, Version = 1, Steps = [new() { Name = Step, Worker = EngineHost.Worker }] }.Validated()];

    public string AuditAction => "tenant.rollOut";

    public ValueTask<Checked<RollOutToTenant>> CheckAsync(RollOutToTenant command, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Checked<RollOutToTenant>>(new(command, []));

    public CommandSubject Subject(RollOutToTenant input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationPriority Priority(RollOutToTenant input) => OperationPriority.Batch;

    public bool NeedsSlot(RollOutToTenant input) => !input.Urgent;

    public Guid? Parent(RollOutToTenant input) => input.Parent;

    public WorkflowDefinition Plan(RollOutToTenant input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(RollOutToTenant input) => new { };
}
