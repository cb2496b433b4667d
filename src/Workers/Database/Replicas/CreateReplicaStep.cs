using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Replicas;

/// <summary>Makes the login with which the tenant is read on its server's replicas, and tries it there. Undone, it is dropped.</summary>
internal sealed class CreateReplicaStep(PlacementReplica replica) : IStep
{
    public string Name => StepNames.CreateReplica;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        new { DatabaseStep.PlacementOf(context.Tenant).Place.Server, Role = await replica.CreateAsync(context, isOpen: true, cancellationToken) };

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => replica.RemoveAsync(context, cancellationToken);
}
