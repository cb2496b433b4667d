using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Restored;
using System.IO.Compression;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>Fills the restored database with the rows as they were in the backup, under the product's schema of that time. A second run begins anew.</summary>
internal sealed class RestoreRowsStep(
    RestoredDatabases databases, BackupReader reader, DatabaseServers servers, ConnectionBudgets budgets, PostgresTools tools, PgRestore restore, ProductMigrations product,
    LeasedTransactions leases) : IStep
{
    private const int BufferBytes = 128 * 1024;

    public string Name => StepNames.RestoreRows;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [.. SystemNames.PostgreSql(tenant), SystemNames.S3];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.WritingAsync<object?>(context, async () =>
    {
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        var restored = await databases.RequireAsync(context, cancellationToken);
        var manifest = await reader.OpenAsync(restored.BackupId, cancellationToken);
        var rows = RestoreContext.Rows(manifest);
        try
        {
            await using var content = await reader.OpenPartAsync(context.TenantId, manifest.BackupId, rows, cancellationToken);
            await using var session = await RestoreSession.OpenAsync(context, servers, budgets, leases, restored, cancellationToken);
            await session.ExecuteAsync($"drop schema if exists {Sql.Name(RestoreContext.Details(rows).Schema)} cascade", cancellationToken);
            if (rows.Format == PartNames.DumpFormat)
                await RestoreAsync(context, restored, session, rows, content, cancellationToken);
            else
                await CopyAsync(context, restored, session, manifest, content, cancellationToken);
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(restored.Server, error);
        }

        return new { rows.Format, rows.Counts };
    });

    /// <summary>The database is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RestoreAsync(StepContext context, RestoredDatabase restored, RestoreSession session, ManifestPart rows, Stream content, CancellationToken cancellationToken)
    {
        var tool = await tools.FindAsync(PostgresTools.Restore, cancellationToken) ?? throw StepFailureException.Permanent(
            "pg-restore-too-old", "pg_restore was not found on this machine.", "Install PostgreSQL's client programs, or set Saga:Backups:PostgresTools to their folder, then replay the step.");
        await restore.RunAsync(
            tool, restored.Server, restored.Database, session.Owner, content, done => context.Report(done, rows.PlainBytes, "bytes", "restoring rows"), cancellationToken);
    }

    private async Task CopyAsync(StepContext context, RestoredDatabase restored, RestoreSession session, BackupManifest manifest, Stream content, CancellationToken cancellationToken)
    {
        var schema = RestoreContext.Details(RestoreContext.Rows(manifest)).Schema;
        await session.ExecuteAsync($"create schema {Sql.Name(schema)}", cancellationToken);
        await MigrateAsync(restored, schema, session.Owner, manifest.SchemaVersion, cancellationToken);
        var archive = new ArchiveReader(new GZipStream(content, CompressionMode.Decompress));
        var bytes = 0L;
        await using var transaction = await session.BeginAsync(cancellationToken);
        // Values stand in the backup as the session wrote them that also computed the checksums. Older backups have the spelling of their server.
        if (RestoreContext.Details(RestoreContext.Rows(manifest)).Sums is not null)
            await session.ExecuteAsync(RowFingerprints.Spelling, cancellationToken);
        // Neither triggers nor foreign keys: the rows are those of the backup, and the keys are checked at the end.
        await session.ExecuteAsync("set local session_replication_role = replica", cancellationToken);
        while (await archive.NextAsync<CopiedTable>(cancellationToken) is { } table)
        {
            // What a migration may have written is in the backup.
            await session.ExecuteAsync($"delete from {Sql.Name(schema)}.{Sql.Name(table.Table)} where tenant_id = {Sql.Text(context.TenantId.ToString())}", cancellationToken);
            await FillAsync(session, schema, table, archive, read => context.Report(bytes += read, unit: "bytes", words: $"restoring {table.Table}"), cancellationToken);
        }

        await session.ExecuteAsync("set local session_replication_role = origin", cancellationToken);
        await CheckKeysAsync(session, schema, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    // The tables as they were when the backup was made. Later migrations run after the rows are there, as they did for the tenant.
    private async Task MigrateAsync(RestoredDatabase restored, string schema, string owner, int? version, CancellationToken cancellationToken)
    {
        await using var inside = await servers.OpenAsync(restored.Server, restored.Database, cancellationToken);
        await new ProductMigrator(new([.. product.All.Where(m => m.Version <= version)])).MigrateAsync(inside, schema, owner, null, cancellationToken);
    }

    private static async Task FillAsync(RestoreSession session, string schema, CopiedTable table, ArchiveReader archive, Action<int> copied, CancellationToken cancellationToken)
    {
        await using var target = await session.CopyAsync(schema, table, cancellationToken);
        var buffer = new byte[BufferBytes];
        try
        {
            while (await archive.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await target.BaseStream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                copied(read);
            }
        }
        catch
        {
            // Its disposal would complete the copy.
            await target.CancelAsync();
            throw;
        }
    }

    // A foreign key that is added anew is checked against every row.
    private static async Task CheckKeysAsync(RestoreSession session, string schema, CancellationToken cancellationToken)
    {
        var keys = await session.QueryAsync<(string Table, string Name, string Definition)>(
            """
            select format('%I.%I', n.nspname, t.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid)
            from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
            where k.contype = 'f' and k.conparentid = 0 and n.nspname = @schema order by 1, 2
            """,
            new { schema }, cancellationToken);
        foreach (var key in keys)
        {
            try
            {
                await session.ExecuteAsync($"alter table {key.Table} drop constraint {key.Name}, add constraint {key.Name} {key.Definition}", cancellationToken);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.ForeignKeyViolation)
            {
                throw StepFailureException.Permanent(
                    "reference-missing", $"Restored rows refer to rows that are not there: {error.MessageText}. {error.Detail}", "Restore another backup, or bring the product's reference tables up to date.", cause: error);
            }
        }
    }
}
