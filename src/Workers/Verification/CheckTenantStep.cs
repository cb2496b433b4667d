using Saga.Contracts.Events;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>
/// Verifies a tenant that is in use and returns what it found. A failed verification is a result and no failure of the step. It names no
/// external systems, so that an outage is found instead of waited for.
/// </summary>
internal sealed class CheckTenantStep(Verifications verifications, LeasedTransactions leases, RegistryNotifier notifier, TimeProvider time) : IStep
{
    // What may pass is tried again before it is reported.
    private const int Tries = 3;

    // Below the attempt's time, so that one system that does not answer hides nothing about the others.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    public string Name => StepNames.CheckTenant;

    public TimeSpan LingersFor => verifications.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var checks = await verifications.RunAsync(context, Longest, cancellationToken);
        var failed = checks.Where(c => !c.Passed).ToList();
        if (context.Attempt < Tries && failed.Exists(c => c.Failure!.Kind != FailureKind.Permanent))
        {
            throw StepFailureException.Transient(
                "verification-inconclusive", string.Join("; ", failed.Select(c => $"{c.Name} ({c.Failure!.Code}): {c.Failure.Message}")));
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantVerified
            {
                TenantId = context.TenantId,
                Slug = context.Tenant.Slug,
                Passed = failed.Count == 0,
                Failed = [.. failed.Select(c => c.Name)],
                OperationId = context.OperationId,
                OccurredAt = time.GetUtcNow(),
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new VerificationOutput { Passed = failed.Count == 0, Checks = checks };
    }

    /// <summary>The verifications leave nothing behind.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
