using Saga.Steps;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>A team's step in a stored installation. It says whom it worked for.</summary>
internal sealed class StoredStep : ISagaStep
{
    public const string StepName = "acme.account.open";
    public const string Worker = "acme-accounts";

    public string Name => StepName;

    public Task<object?> ExecuteAsync(ISagaStepContext context, CancellationToken cancellationToken) => Task.FromResult<object?>(new { Account = context.Tenant!.Slug.ToString() });

    public Task CompensateAsync(ISagaStepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
