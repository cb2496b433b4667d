using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>
/// Compares the rows of each table with the numbers and checksums in the manifest, then brings the tables to the version that the command names, or
/// otherwise to the product's newest one, or to that of the shared tables in which the tenant's rows belong, and reads them as the tenant would.
/// </summary>
internal sealed class VerifyRestoredStep(
    RestoredDatabases databases, BackupReader reader, DatabaseServers servers, ConnectionBudgets budgets, ProductMigrator migrator, ProductMigrations migrations, ProductRelease release,
    RestoredTrial trial, PlaceUse use, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.VerifyRestored;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [.. SystemNames.PostgreSql(tenant), SystemNames.S3];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.WritingAsync<object?>(context, async () =>
    {
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        var restored = await databases.RequireAsync(context, cancellationToken);
        var manifest = await reader.OpenAsync(restored.BackupId, cancellationToken);
        var rows = RestoreContext.Rows(manifest);
        var schema = RestoreContext.Details(rows).Schema;
        var version = await WantedAsync(context, restored, cancellationToken) ?? await SharedVersionAsync(context, cancellationToken);
        try
        {
            string owner;
            RowsComparison compared;
            await using (var session = await RestoreSession.OpenAsync(context, servers, budgets, leases, restored, cancellationToken))
            {
                owner = session.Owner;
                compared = RowsComparison.Of(RestoreContext.Details(rows), session.ServerVersion);
                await CompareAsync(context, session, manifest, rows, compared, cancellationToken);
            }

            IReadOnlyList<AppliedMigration> applied;
            await using (var inside = await servers.OpenAsync(restored.Server, restored.Database, cancellationToken))
                applied = await migrator.MigrateAsync(inside, schema, owner, null, cancellationToken, hasRows: true, version: version);
            await trial.RunAsync(context, restored, schema, owner, cancellationToken);
            return new RestoredOutput
            {
                Schema = schema, Counts = rows.Counts, FromVersion = manifest.SchemaVersion, SchemaVersion = applied[^1].Version, Compared = compared.Words, SignedIn = true,
            };
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(restored.Server, error);
        }
    });

    /// <summary>The database is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    // The files are those that the upgrade itself would take.
    private async Task<int?> WantedAsync(StepContext context, RestoredDatabase restored, CancellationToken cancellationToken)
    {
        if (RestoreContext.VersionOf(context) is not { } wanted)
            return null;
        if (wanted > migrations.Newest)
            throw PlaceUse.ProductOlder(migrations.Newest, wanted);
        await release.EnsureAsync(restored.Server, cancellationToken);
        return wanted;
    }

    // Null when the tenant has a place of its own, or shares tables that do not exist yet and will begin with the newest version.
    private async Task<int?> SharedVersionAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { Tier: IsolationTier.Row } placement)
            return null;
        await use.BeginAsync(context, cancellationToken, placement);
        if (!await servers.ExistsAsync(placement.Place.Server, placement.Place.Database, cancellationToken))
            return null;
        await using var session = await servers.OpenAsync(placement.Place.Server, placement.Place.Database, cancellationToken);
        return await ProductMigrator.VersionAsync(session, placement.Place.Schema, cancellationToken);
    }

    private static async Task CompareAsync(
        StepContext context, RestoreSession session, BackupManifest manifest, ManifestPart rows, RowsComparison compared, CancellationToken cancellationToken)
    {
        var schema = RestoreContext.Details(rows).Schema;
        // An earlier attempt has compared them and migrated, which may have changed them.
        if (await session.ScalarAsync<int?>($"select max(version) from {Sql.Name(schema)}.schema_migrations", cancellationToken) > manifest.SchemaVersion)
            return;
        // In a dump, a table's number counts all its rows, also those of reference tables.
        var condition = rows.Format == PartNames.CopyFormat ? $"tenant_id = {Sql.Text(context.TenantId.ToString())}" : null;
        await using var transaction = await session.BeginAsync(cancellationToken);
        await session.ExecuteAsync(RowFingerprints.Spelling, cancellationToken);
        var done = 0;
        foreach (var (table, expected) in rows.Counts)
        {
            var sum = compared.Sums.GetValueOrDefault(table);
            var found = await session.SumAsync(schema, table, sum?.Columns ?? [], condition, cancellationToken);
            if (found.Rows != expected)
                throw Differs(FormattableString.Invariant($"The restored table {table} has {found.Rows} rows, and backup {manifest.BackupId} has {expected}."));
            if (sum is not null && TableSum.Spelled(found.Sum) != sum.Sum)
            {
                throw Differs(FormattableString.Invariant(
                    $"The restored table {table} has as many rows as backup {manifest.BackupId}, {expected}, but with other content: the checksum is {TableSum.Spelled(found.Sum)} and not {sum.Sum}."));
            }

            context.Report(++done, rows.Counts.Count, "tables", "comparing rows");
        }
    }

    private static StepFailureException Differs(string message) => StepFailureException.Permanent("restore-differs", message, "Restore another backup.");
}
