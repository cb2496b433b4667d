using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Verify;

/// <summary>Verification on request: what provisioning verifies, on a tenant that is in use.</summary>
public sealed class VerifyPlan : ICommandPlan<VerifyTenant, VerifyTenant>
{
    public static string Kind => VerifyWorkflow.Kind;

    public static string Queue => Endpoints.Verifications;

    public static CommandScheduling? Scheduling { get; } = new();

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [VerifyWorkflow.Definition];

    public string AuditAction => AuditActions.TenantVerify;

    public ValueTask<Checked<VerifyTenant>> CheckAsync(VerifyTenant command, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Checked<VerifyTenant>>(command.TenantId == default ? new(null, [new("/tenantId", "is required: the tenant's id")]) : new(command, []));

    public CommandSubject Subject(VerifyTenant input) => new CommandSubject.ExistingTenant(input.TenantId);

    // A closed tenant refuses the sign-ins that a verification makes, so it would only find that the tenant is closed.
    public OperationRejected? Guard(VerifyTenant input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Active) ?? TenantGuard.RequireOpen(tenant);

    public WorkflowDefinition Plan(VerifyTenant input, Tenant? tenant) => VerifyWorkflow.Definition;

    public IReadOnlyList<string> Words(VerifyTenant input, Tenant? tenant) =>
    [
        "What provisioning verifies is verified again: the organisation and its administrator, the database, the objects, the cache and the configuration.",
        $"Nothing is changed. The output of the step {StepNames.Verify} lists every check, and why it failed.",
    ];

    public object AuditDetail(VerifyTenant input) => new { };
}
