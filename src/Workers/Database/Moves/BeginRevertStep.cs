using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Finds the place that the tenant goes back to, and brings both places to one version: that of shared tables, or else that of the present place.</summary>
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
        // The fleet may have been upgraded since the move, and only present places are.
        var backToShared = kept.Placement.Tier == IsolationTier.Row && current.Tier != IsolationTier.Row;
        var (leads, follows) = backToShared ? (kept.Placement, current) : (current, kept.Placement);
        var version = leads.Tier == IsolationTier.Row ? await tables.UpdateAsync(context, leads, null, cancellationToken) : await tables.VersionAsync(leads, cancellationToken);
        var followed = await tables.UpdateAsync(context, follows, version, cancellationToken);
        if (leads.Tier == IsolationTier.Row)
            PlaceTables.RequireSame(followed, version, leads);
        return new MoveOutput { From = current.Id, Epoch = current.Epoch, To = kept.Placement.Id };
    }

    /// <summary>Newer tables do no harm in the kept place.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
