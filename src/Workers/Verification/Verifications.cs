using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>Runs every registered verification in parallel. Thread-safe.</summary>
internal sealed class Verifications(IEnumerable<IVerification> verifications, LeasedTransactions leases, TimeProvider time)
{
    public TimeSpan LingersFor => verifications.Select(v => v.LingersFor).DefaultIfEmpty().Max();

    public IEnumerable<string> Systems(Tenant tenant) => verifications.Select(v => v.System(tenant)).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>What each verification found, ordered by name.</summary>
    /// <param name="context">The attempt. Its lease must stand.</param>
    /// <param name="longest">After this time a verification counts as failed; null for as long as the attempt lasts.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="LeaseLostException">A stale attempt must not write probes.</exception>
    public async Task<IReadOnlyList<VerificationCheck>> RunAsync(StepContext context, TimeSpan? longest, CancellationToken cancellationToken)
    {
        // The probes write to external systems, so a stale attempt must not start, and the adapters check the lease again before each write.
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        var checks = await Task.WhenAll(verifications.Select(v => RunAsync(v, context, longest, cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        return [.. checks.OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    private async Task<VerificationCheck> RunAsync(IVerification verification, StepContext context, TimeSpan? longest, CancellationToken cancellationToken)
    {
        // Its synchronous part may take long, so let the other verifications start first.
        await Task.Yield();
        var system = verification.System(context.Tenant);
        using var limit = new CancellationTokenSource(longest ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var waiting = system is null ? null : ExternalCalls.Begin(system);
            await verification.VerifyAsync(context, either.Token);
            return new() { Name = verification.Name, Passed = true };
        }
        catch (Exception error) when (error is not (OperationCanceledException or LeaseLostException) || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var failure = error is OperationCanceledException && limit.IsCancellationRequested
                ? new() { Code = "timeout", Message = $"It did not end within {longest!.Value.TotalSeconds:0} s.", Kind = FailureKind.Outage, System = system }
                : Failures.Classify(error);
            return new() { Name = verification.Name, Passed = false, Failure = failure };
        }
    }
}
