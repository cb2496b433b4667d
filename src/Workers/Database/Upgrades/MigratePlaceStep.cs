using System.Globalization;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Upgrades;

/// <summary>
/// The pivot of an upgrade: brings the product's tables of one place to a version, in one transaction, and records the versions of all its tenants.
/// What a migration did cannot be put back. Another attempt finds nothing to do.
/// </summary>
internal sealed class MigratePlaceStep(
    FencedSessions fenced, ProductMigrator migrator, ProductMigrations migrations, ProductRelease release, LeasedTransactions leases, NpgsqlDataSource registry, RegistryClock clock) : IStep
{
    public string Name => StepNames.MigratePlace;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var command = context.Input<UpgradePlace>();
        if (command.TargetVersion > migrations.Newest)
            throw PlaceUse.ProductOlder(migrations.Newest, command.TargetVersion);

        await release.EnsureAsync(command.Server, cancellationToken);
        int? before;
        IReadOnlyList<AppliedMigration> applied;
        var (schema, owner, user) = RolesOf(context, command);
        // Waits for the transaction of a stale attempt, which commits nothing more afterwards: what is read now stays.
        await using (var session = await OpenAsync(context, command, cancellationToken))
        {
            before = await ProductMigrator.VersionAsync(session, schema, cancellationToken);
            // A migration that an earlier attempt made cannot be put back, so it is recorded whatever the time is, and changes nothing that anybody waits for.
            if ((before ?? 0) < command.TargetVersion)
            {
                await RequireOpenAsync(command, cancellationToken);
                if (!context.HasTenant)
                    await CloseAsync(context, command, cancellationToken);
            }

            await PlaceSchema.EnsureAsync(session, cancellationToken);
            applied = await migrator.MigrateAsync(session, schema, owner, user, cancellationToken, hasRows: true, version: command.TargetVersion);
        }

        var place = new Placement(command.Server, command.Database, command.Schema);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantMigrationRows.AddOfPlaceAsync(transaction, place, [.. applied.Select(m => new TenantMigration(m.Version, m.Name, m.Checksum))], cancellationToken);
        var tenants = await PlacementStore.SetPlaceVersionAsync(transaction, place, applied[^1].Version, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { command.Server, command.Database, command.Schema, FromVersion = before, applied[^1].Version, Tenants = tenants };
    }

    /// <summary>Only an upgrade whose migration did not take effect is undone, and it has changed nothing.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static (string Schema, string Owner, string? User) RolesOf(StepContext context, UpgradePlace command)
    {
        if (!context.HasTenant)
            return (command.Schema, SharedRoles.RowOwner, SharedRoles.RowUsers);
        // The operation has the tenant's scope, so its place is the one that the command was accepted for.
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        return (place.Schema, place.Owner, place.User);
    }

    // Shared tables are no single tenant's, and their database has no others.
    private Task<ServerSession> OpenAsync(StepContext context, UpgradePlace command, CancellationToken cancellationToken) => context.HasTenant
        ? fenced.OpenAsync(context, command.Server, command.Database, cancellationToken)
        : fenced.OpenAsync(context, Guid.Empty, command.Server, command.Database, cancellationToken);

    // A window that has closed while the operation waited for its turn.
    private async Task RequireOpenAsync(UpgradePlace command, CancellationToken cancellationToken)
    {
        if (command.ClosesAt is { } closes && await clock.NowAsync(registry, cancellationToken) >= closes)
        {
            throw StepFailureException.Permanent(
                "window-closed", string.Create(CultureInfo.InvariantCulture, $"The maintenance window of schema '{command.Schema}' in database '{command.Database}' on server '{command.Server}' closed at {closes.UtcDateTime:u}, before the upgrade could begin."),
                "Order another upgrade of what is left: it waits for the next window. If this repeats, make the window longer, or look at what the tenant's operations were waiting for.");
        }
    }

    // Moves, backups and restores of its tenants that come from now on wait, and those that have begun end before.
    private async Task CloseAsync(StepContext context, UpgradePlace command, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var users = await PlaceUses.CloseAsync(transaction, new(command.Server, command.Database, command.Schema), context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (users.Count > 0)
        {
            throw PlaceUse.Waits(
                "place-busy", string.Create(CultureInfo.InvariantCulture, $"{users.Count} operations need the shared tables on server '{command.Server}' as they are: {string.Join(", ", users.Take(5).Select(u => $"{u.Kind} {u.OperationId}"))}."),
                "Nothing: the upgrade continues when they have ended. If one of them has stalled, look at it.");
        }
    }
}
