using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Product;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>Looks whether the rows of a product without tenants can be copied, before anything of the tenant is made, and records where they come from.</summary>
internal sealed class InspectSourceStep(SourceInspection inspection, ProductRelease release, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.InspectSource;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var source = AdoptionSource.Of(context);
        await release.EnsureAsync(DatabaseStep.PlacementOf(context.Tenant).Place.Server, cancellationToken);
        var tables = await inspection.RequireAsync(context, source, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await AdoptedSourceRows.KeepAsync(transaction, context.TenantId, context.OperationId, source.Placement.Place, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { source.Server, source.Database, source.Schema, Tables = tables };
    }

    /// <summary>Deletes the record.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await AdoptedSourceRows.DeleteAsync(transaction, context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
