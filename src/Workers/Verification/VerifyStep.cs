using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>Runs every registered verification in parallel, before anybody gets access to the tenant.</summary>
internal sealed class VerifyStep(IEnumerable<IVerification> verifications, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Verify;

    public IEnumerable<string> Systems(Tenant tenant) => verifications.Select(v => v.System(tenant)).OfType<string>().Distinct(StringComparer.Ordinal);

    public TimeSpan LingersFor => verifications.Select(v => v.LingersFor).DefaultIfEmpty().Max();

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // The probes write to external systems, so a stale attempt must not start, and the adapters check the lease again before each write.
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        var results = await Task.WhenAll(verifications.Select(v => RunAsync(v, context, cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        var failed = results.Where(r => r.Failure is not null).Select(r => (r.Name, Failure: r.Failure!)).ToList();
        if (failed.Count > 0)
            throw Combine(failed);
        return new { Verified = results.Select(r => r.Name).Order(StringComparer.Ordinal) };
    }

    /// <summary>The verifications leave nothing behind.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task<(string Name, Failure? Failure)> RunAsync(IVerification verification, StepContext context, CancellationToken cancellationToken)
    {
        // Its synchronous part may take long, so let the other verifications start first.
        await Task.Yield();
        try
        {
            using var waiting = verification.System(context.Tenant) is { } system ? ExternalCalls.Begin(system) : null;
            await verification.VerifyAsync(context, cancellationToken);
            return (verification.Name, null);
        }
        catch (Exception error) when (error is not (OperationCanceledException or LeaseLostException) || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (verification.Name, Failures.Classify(error));
        }
    }

    // A permanent failure takes precedence, because another attempt would not help; then kinds that cost no attempt. The message lists all.
    private static StepFailureException Combine(List<(string Name, Failure Failure)> failed)
    {
        var first = failed.OrderBy(f => Weight(f.Failure.Kind)).ThenBy(f => f.Name, StringComparer.Ordinal).First();
        return new StepFailureException(new Failure
        {
            Code = $"verify-{first.Name}",
            Message = string.Join("; ", failed.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => $"{f.Name} ({f.Failure.Code}): {f.Failure.Message}")),
            Remedy = first.Failure.Remedy,
            Kind = first.Failure.Kind,
            System = first.Failure.System,
        });
    }

    private static int Weight(FailureKind kind) => kind switch
    {
        FailureKind.Permanent => 0,
        FailureKind.Outage => 1,
        FailureKind.Overload => 2,
        _ => 3,
    };
}
