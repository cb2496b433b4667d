using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>Looks whether a database or schema can become the tenant's place, before anything is written anywhere.</summary>
internal sealed class InspectPlaceStep(PlaceInspection inspection, ProductRelease release) : IStep
{
    public string Name => StepNames.InspectPlace;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        await release.EnsureAsync(place.Server, cancellationToken);
        return new { Version = await inspection.RequireAsync(context, place, cancellationToken) };
    }

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
