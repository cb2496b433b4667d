using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Makes the tenant read-only, for direct logins too, and returns when no older transaction of the tenant is left.</summary>
internal sealed class LockPlaceStep(MoveHold hold, PreparedTransactions prepared) : IStep
{
    public string Name => StepNames.LockPlace;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await hold.SetAsync(context, HoldEffect.ReadOnly, cancellationToken);
        await prepared.RequireNoneAsync(context, cancellationToken);
        return null;
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => hold.LiftAsync(context, cancellationToken);
}
