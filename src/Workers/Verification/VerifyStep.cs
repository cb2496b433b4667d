using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>Verifies the tenant before anybody gets access to it. Fails if one verification fails.</summary>
internal sealed class VerifyStep(Verifications verifications) : IStep
{
    public string Name => StepNames.Verify;

    public IEnumerable<string> Systems(Tenant tenant) => verifications.Systems(tenant);

    public TimeSpan LingersFor => verifications.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var checks = await verifications.RunAsync(context, null, cancellationToken);
        var failed = checks.Where(c => !c.Passed).Select(c => (c.Name, Failure: c.Failure!)).ToList();
        if (failed.Count > 0)
            throw Combine(failed);
        return new { Verified = checks.Select(c => c.Name) };
    }

    /// <summary>The verifications leave nothing behind.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

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
