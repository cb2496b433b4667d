using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>Verifies an adopted tenant again after migrations changed its tables. What was not migrated was verified before.</summary>
internal sealed class VerifyAdoptedStep(VerifyStep verify) : IStep
{
    public string Name => StepNames.VerifyAdopted;

    public IReadOnlyList<string> Needs => [StepNames.MigrateAdopted];

    public IEnumerable<string> Systems(Tenant tenant) => verify.Systems(tenant);

    public TimeSpan LingersFor => verify.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        context.Output<AdoptedOutput>(StepNames.MigrateAdopted) is { } adopted && adopted.Found == adopted.Version ? null : await verify.ExecuteAsync(context, cancellationToken);

    /// <summary>The verifications leave nothing behind.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
