using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Replicas;

/// <summary>Drops the login with which the tenant was read on replicas. Runtimes have not seen it since the update was accepted.</summary>
internal sealed class RemoveReplicaStep(PlacementReplica replica) : IStep
{
    public string Name => StepNames.RemoveReplica;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await replica.RemoveAsync(context, cancellationToken);
        return null;
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
