using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Finds the place that the tenant goes back to, and brings its tables to this version, unless tenants share them.</summary>
internal sealed class BeginRevertStep(PlacementStore placements, PlaceTables tables, PlaceUse use) : IStep
{
    public string Name => StepNames.BeginRevert;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var current = DatabaseStep.PlacementOf(context.Tenant);
        if (await placements.KeptAsync(context.TenantId, cancellationToken) is not [var kept, ..])
        {
            throw StepFailureException.Permanent(
                "no-copy-kept", $"No former copy of the rows of tenant '{context.Tenant.Slug}' is kept any more.", "Move the tenant with a migration instead.");
        }

        await use.BeginAsync(context, cancellationToken, kept.Placement, current);
        // Rows that are put back go to shared tables.
        int? shared = kept.Keeps is null ? null : await tables.UpdateAsync(context, current, null, cancellationToken);
        var version = await tables.UpdateAsync(context, kept.Placement, shared, cancellationToken);
        if (shared is { } to)
            PlaceTables.RequireSame(version, to, current);
        return new MoveOutput { From = current.Id, Epoch = current.Epoch, To = kept.Placement.Id };
    }

    /// <summary>Newer tables do no harm in the kept place.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
