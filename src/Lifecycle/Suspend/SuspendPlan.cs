using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Operations;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Suspend;

/// <summary>
/// Suspension. The hold is set in the transaction that accepts the command, whatever else runs on the tenant. Operations before their pivot
/// are cancelled, but one that makes the tenant goes on under the hold: a provisioning, an adoption, or a restore of a deprovisioned tenant. The rest waits for what cannot be cancelled.
/// </summary>
public sealed class SuspendPlan : ICommandPlan<SuspendTenant, ValidSuspension>
{
    /// <summary>
    /// The step by which a workflow makes a tenant. It is looked for in the stored workflow, so operations that an earlier version accepted
    /// are spared too.
    /// </summary>
    internal const string MakesTenant = StepNames.Activate;

    public static string Kind => SuspendWorkflow.Kind;

    public static string Queue => Endpoints.Suspensions;

    public static CommandScheduling? Scheduling { get; } = new();

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [SuspendWorkflow.Closing, SuspendWorkflow.Limiting];

    public string AuditAction => AuditActions.TenantSuspend;

    public ValueTask<Checked<ValidSuspension>> CheckAsync(SuspendTenant command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        var reason = ReasonText.Normalize(command.Reason);
        if (reason is null)
            errors.Add(new("/reason", ReasonText.Rule));
        var code = HoldCode.Other;
        if (command.Code is not null && !SuspensionCodes.TryParse(command.Code, out code))
            errors.Add(new("/code", SuspensionCodes.Rule));
        return ValueTask.FromResult<Checked<ValidSuspension>>(new(errors.Count == 0 ? new(command.TenantId, code, reason!) : null, errors));
    }

    public CommandSubject Subject(ValidSuspension input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidSuspension input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Provisioning, TenantStatus.Active) is { } refused)
            return refused;
        return tenant.Holds.FirstOrDefault(h => h.Code == input.Code) is not { } standing ? null : new()
        {
            Code = RejectionCodes.AlreadySuspended,
            Detail = $"Tenant '{tenant.Slug}' is already suspended with the code '{SuspensionCodes.NameOf(input.Code)}': {standing.Reason} Another code adds a second hold.",
            Errors = [new("/code", "stands already")],
        };
    }

    public ScopeWait? Wait(ValidSuspension input) => new();

    public bool NeedsSlot(ValidSuspension input) => false;

    public WorkflowDefinition Plan(ValidSuspension input, Tenant? tenant) =>
        input.Effect == HoldEffect.Closed ? SuspendWorkflow.Closing : SuspendWorkflow.Limiting;

    public IReadOnlyList<string> Words(ValidSuspension input, Tenant? tenant) => SuspendWords.Of(input);

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidSuspension input, BegunOperation operation)
    {
        var hold = HoldStore.SetCommand(input.TenantId, input.Code, input.Effect, operation.Caller, input.Reason, operation.Id);
        // A tenant that may not grow can go on with what it does.
        return input.Effect != HoldEffect.Closed ? [hold] :
        [
            hold,
            CancellationStore.CancelOthersCommand(
                OperationScopes.Tenant(input.TenantId), MakesTenant, operation.Caller, $"The tenant is being suspended: {input.Reason}"),
        ];
    }

    public object AuditDetail(ValidSuspension input) => new { code = input.Code, effect = input.Effect, reason = input.Reason };
}
