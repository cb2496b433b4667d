using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Begins the pause: closes the place that is replaced, and returns when no older transaction of the tenant is left there.</summary>
internal sealed class TakeAwayReplacedStep(MoveHold hold) : IStep
{
    public string Name => StepNames.TakeAwayReplaced;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await hold.SetAsync(context, HoldCode.Restore, HoldEffect.Away, $"The tenant's rows are being replaced by operation {context.OperationId}.", cancellationToken);
        return null;
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => hold.LiftAsync(context, cancellationToken, HoldCode.Restore);
}
