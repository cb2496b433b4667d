using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Closes the former place, so that nothing is read there once the tenant is routed to the new one.</summary>
internal sealed class TakeAwayStep(MoveHold hold) : IStep
{
    public string Name => StepNames.TakeAway;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await hold.SetAsync(context, HoldEffect.Away, cancellationToken);
        return null;
    }

    /// <summary>The compensation of the step that made the tenant read-only, which follows, lifts the hold.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
