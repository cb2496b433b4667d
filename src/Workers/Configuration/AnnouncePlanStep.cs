using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Plans;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Announces the tenant's new plan, once however often it runs.</summary>
internal sealed class AnnouncePlanStep(LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.AnnouncePlan;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await PlanChangeRows.FindAsync(transaction, context.OperationId, cancellationToken) is not { } change)
            return null;
        if (await PlanChangeRows.AnnounceAsync(transaction, context.OperationId, cancellationToken) is { } at)
        {
            await AuditLog.WritePlanAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantPlanChanged
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    FromPlan = change.FromPlan,
                    FromVersion = change.FromVersion,
                    ToPlan = change.ToPlan,
                    ToVersion = change.ToVersion,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
        }

        return new { change.FromPlan, change.FromVersion, change.ToPlan, change.ToVersion };
    }

    /// <summary>What was announced cannot be undone. An announcement that did not take effect left nothing.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await PlanChangeRows.IsAnnouncedAsync(transaction, context.OperationId, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "plan-announced", $"The new plan of tenant '{context.Tenant.Slug}' was announced.", "Resume the operation, then migrate the tenant back to its former plan.");
        }
    }
}
