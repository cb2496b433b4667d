using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Restored;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Drills;

/// <summary>Ends the drill of a rehearsal, if what was rehearsed is what will be upgraded: the tenant's place that the command names, to its version.</summary>
internal sealed class EndRehearsalStep(RestoredDatabases databases, BackupStore backups, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.EndRehearsal;

    public bool NeedsInput => true;

    public IReadOnlyList<string> Needs => [StepNames.VerifyRestored];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var wanted = context.Input<RehearseUpgrade>();
        // It may have moved while this operation waited for the tenant's others.
        if (context.Tenant.Placed is not { Tier: not IsolationTier.Row } placed || placed.Place != new Placement(wanted.Server, wanted.Database, wanted.Schema))
        {
            throw Differs(
                $"The rows of tenant '{context.Tenant.Slug}' are not in schema '{wanted.Schema}' of database '{wanted.Database}' on server '{wanted.Server}' any more.",
                "Abort the batch, and prepare another upgrade.");
        }

        // A worker from before rehearsals brings what it restores to its own newest version.
        var version = context.Output<RestoredOutput>(StepNames.VerifyRestored).SchemaVersion;
        if (version != wanted.TargetVersion)
        {
            throw Differs(
                FormattableString.Invariant($"The copy of tenant '{context.Tenant.Slug}' has version {version} of the product's schema, and not {wanted.TargetVersion}."),
                "Upgrade every worker, then resume the batch or send the command again.");
        }

        return new EndDrillStep(databases, backups, leases).ExecuteAsync(context, cancellationToken);
    }

    /// <summary>The database is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static StepFailureException Differs(string message, string remedy) => StepFailureException.Permanent("rehearsal-differs", message, remedy);
}
