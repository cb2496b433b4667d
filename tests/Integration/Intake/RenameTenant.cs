using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Intake;

/// <summary>A command for tests only, with everything that a new command needs.</summary>
public sealed record RenameTenant(TenantId TenantId, string Name, string? IdempotencyKey = null);

public sealed class RenamePlan : ICommandPlan<RenameTenant, RenameTenant>
{
    public const string Step = "tenant.rename";
    public const string OtherStep = "region.tell";

    public static string Kind => "rename";

    public static string Queue => "saga-commands-rename";

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition { Kind = "rename", Version = 1, Steps = [new() { Name = Step, Worker = EngineHost.Worker }] }.Validated(),
        new WorkflowDefinition { Kind = "rename", Version = 1, Steps = [new() { Name = Step, Worker = EngineHost.Worker }, new() { Name = OtherStep, Worker = EngineHost.Worker, After = [Step] }] }.Validated(),
    ];

    public string AuditAction => "tenant.rename";

    public ValueTask<Checked<RenameTenant>> CheckAsync(RenameTenant command, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Checked<RenameTenant>>(command.Name.Length > 0 ? new(command, []) : new(null, [new("/name", "must not be empty")]));

    public CommandSubject Subject(RenameTenant input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(RenameTenant input, Tenant tenant) =>
        TenantGuard.RequireStatus(tenant, TenantStatus.Active) ?? (tenant.Holds.FirstOrDefault(h => h.Code == HoldCode.Abuse) is not { } hold ? null : new()
        {
            Code = RejectionCodes.TenantState,
            Detail = $"{hold.Actor} holds the tenant ({hold.Effect}): {hold.Reason}",
        });

    public WorkflowDefinition Plan(RenameTenant input, Tenant? tenant) => Workflows[tenant!.Region is null ? 0 : 1];

    public IEnumerable<NpgsqlBatchCommand> Effects(RenameTenant input, BegunOperation operation) =>
        [new("update tenants set name = $2, updated_at = $3 where id = $1") { Parameters = { new() { Value = operation.Tenant.Value }, new() { Value = input.Name }, new() { Value = operation.At } } }];

    public object AuditDetail(RenameTenant input) => new { name = input.Name };
}
