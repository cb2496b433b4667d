using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>Compares the rows of each table with the numbers in the manifest, and then brings the tables to the product's newest version.</summary>
internal sealed class VerifyRestoredStep(
    RestoredDatabases databases, BackupReader reader, DatabaseServers servers, ConnectionBudgets budgets, ProductMigrator migrator, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.VerifyRestored;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [.. SystemNames.PostgreSql(tenant), SystemNames.S3];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.ReadingAsync<object?>(async () =>
    {
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        var restored = await databases.RequireAsync(context, cancellationToken);
        var manifest = await reader.OpenAsync(restored.BackupId, cancellationToken);
        var rows = RestoreContext.Rows(manifest);
        var schema = RestoreContext.Details(rows).Schema;
        try
        {
            string owner;
            await using (var session = await RestoreSession.OpenAsync(context, servers, budgets, leases, restored, cancellationToken))
            {
                owner = session.Owner;
                await CompareAsync(context, session, manifest, rows, schema, cancellationToken);
            }

            await using var inside = await servers.OpenAsync(restored.Server, restored.Database, cancellationToken);
            var applied = await migrator.MigrateAsync(inside, schema, owner, null, cancellationToken, hasRows: true);
            return new RestoredOutput { Schema = schema, Counts = rows.Counts, FromVersion = manifest.SchemaVersion, SchemaVersion = applied[^1].Version };
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(restored.Server, error);
        }
    });

    /// <summary>The database is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task CompareAsync(StepContext context, RestoreSession session, BackupManifest manifest, ManifestPart rows, string schema, CancellationToken cancellationToken)
    {
        // An earlier attempt has compared them and migrated, which may have changed them.
        if (await session.ScalarAsync<int?>($"select max(version) from {Sql.Name(schema)}.schema_migrations", cancellationToken) > manifest.SchemaVersion)
            return;
        // In a dump, a table's number counts all its rows, also those of reference tables.
        var condition = rows.Format == PartNames.CopyFormat ? $" where tenant_id = {Sql.Text(context.TenantId.ToString())}" : "";
        var done = 0;
        foreach (var (table, expected) in rows.Counts)
        {
            var found = await session.ScalarAsync<long>($"select count(*) from {Sql.Name(schema)}.{Sql.Name(table)}{condition}", cancellationToken);
            if (found != expected)
            {
                throw StepFailureException.Permanent(
                    "restore-differs", FormattableString.Invariant($"The restored table {table} has {found} rows, and backup {manifest.BackupId} has {expected}."), "Restore another backup.");
            }

            context.Report(++done, rows.Counts.Count, "tables", "comparing rows");
        }
    }
}
