using System.IO.Compression;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Database;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Rows;

/// <summary>
/// Writes the tenant's rows as they are in one snapshot, which also counts them and sums them up: with pg_dump for a schema or a database, with COPY for rows in
/// shared tables.
/// </summary>
internal sealed class BackupRowsStep(
    BackupParts parts, LeasedTransactions leases, DatabaseServers servers, ConnectionBudgets budgets, BackupSlots slots, PostgresTools tools, PgDump dump,
    PlaceUse use) : BackupStep(parts, leases)
{
    private const int BufferBytes = 128 * 1024;

    public override string Name => StepNames.BackupRows;

    public override IEnumerable<string> Systems(Tenant tenant) => [.. SystemNames.PostgreSql(tenant), SystemNames.S3];

    protected override async Task<object?> WriteAsync(StepContext context, BegunBackup backup, CancellationToken cancellationToken)
    {
        await Parts.RemoveAsync(context, backup.Id, cancellationToken);
        var placement = DatabaseStep.PlacementOf(context.Tenant);
        await use.BeginAsync(context, cancellationToken, placement);
        using var slot = slots.Take();
        await using var snapshot = await RowsSnapshot.OpenAsync(servers, budgets, placement.Place.Server, placement.Place.Database, cancellationToken);
        try
        {
            var schemaVersion = await snapshot.SchemaVersionAsync(placement.Place.Schema, cancellationToken);
            await using var upload = await Parts.CreateAsync(context, backup.Id, PartNames.Rows, cancellationToken);
            upload.Content.Progressed = done => context.Report(done, unit: "bytes", words: "backing up rows");
            var part = placement.Tier == IsolationTier.Row
                ? await CopyAsync(context, snapshot, placement, schemaVersion, upload, cancellationToken)
                : await DumpAsync(context, snapshot, placement, schemaVersion, upload, cancellationToken);
            await AddAsync(
                context, backup.Id, [part], cancellationToken,
                transaction => BackupRows.SetSnapshotAsync(transaction, backup.Id, snapshot.At, schemaVersion, cancellationToken));
            return new { part.Format, part.Bytes, SnapshotAt = snapshot.At, SchemaVersion = schemaVersion, part.Counts };
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(placement.Place.Server, error);
        }
    }

    private async Task<BackupPart> DumpAsync(
        StepContext context, RowsSnapshot snapshot, TenantPlacement placement, int? schemaVersion, PartUpload upload, CancellationToken cancellationToken)
    {
        var place = placement.Place;
        var tool = await tools.FindAsync(PostgresTools.Dump, cancellationToken);
        if (PostgresTools.Refusal(PostgresTools.Dump, tool, place.Server, snapshot.ServerVersion) is { } refusal)
        {
            throw StepFailureException.Permanent(
                "pg-dump-too-old", refusal, $"{PostgresTools.Remedy(snapshot.ServerVersion)} Then send the command again.", SystemNames.PostgreSql(place.Server));
        }

        var (counts, sums) = await DumpAsync(context, snapshot, tool!, place, upload, cancellationToken);
        return await upload.CompleteAsync(
            PartNames.DumpFormat, counts,
            new RowsDetails { Schema = place.Schema, SchemaVersion = schemaVersion, ServerVersion = snapshot.ServerVersion.ToString(), DumpVersion = tool!.Version.ToString(), Sums = sums }, cancellationToken);
    }

    // The session of the snapshot is idle while pg_dump reads in another one, so it counts the rows meanwhile.
    private async Task<(SortedDictionary<string, long> Counts, SortedDictionary<string, TableSum> Sums)> DumpAsync(
        StepContext context, RowsSnapshot snapshot, PostgresTool tool, Placement place, PartUpload upload, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var dumping = dump.RunAsync(tool, place.Server, place.Database, place.Schema, snapshot.Name, snapshot.Role, upload.Content, ending.Token);
        var (counts, sums) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, TableSum>(StringComparer.Ordinal));
        try
        {
            foreach (var table in await snapshot.TablesAsync(place.Schema, onlyTenants: false, cancellationToken))
            {
                if (dumping.IsFaulted)
                    break;
                (counts[table], sums[table]) = await snapshot.SumAsync(place.Schema, table, null, cancellationToken);
                // The dump reports its own progress.
                if (dumping.IsCompleted)
                    context.Report(counts.Count, unit: "tables", words: "summing up rows");
            }
        }
        catch
        {
            await ending.CancelAsync();
            await dumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            throw;
        }

        await dumping;
        return (counts, sums);
    }

    private static async Task<BackupPart> CopyAsync(
        StepContext context, RowsSnapshot snapshot, TenantPlacement placement, int? schemaVersion, PartUpload upload, CancellationToken cancellationToken)
    {
        var (schema, tenant) = (placement.Place.Schema, context.TenantId.Value);
        var (counts, sums) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, TableSum>(StringComparer.Ordinal));
        var buffer = new byte[BufferBytes];
        await using (var packed = new GZipStream(upload.Content, CompressionLevel.Fastest, leaveOpen: true))
        {
            var archive = new ArchiveWriter(packed);
            foreach (var table in await snapshot.TablesAsync(schema, onlyTenants: true, cancellationToken))
            {
                (counts[table], sums[table]) = await snapshot.SumAsync(schema, table, tenant, cancellationToken);
                var columns = await snapshot.ColumnsAsync(schema, table, cancellationToken);
                await archive.BeginAsync(new CopiedTable { Table = table, Columns = columns }, cancellationToken);
                using (var rows = await snapshot.CopyAsync(schema, table, columns, tenant, cancellationToken))
                {
                    while (await rows.BaseStream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                        await archive.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                }

                await archive.EndAsync(cancellationToken);
                context.Report(counts.Count, unit: "tables", words: $"copied {table}");
            }

            await archive.CompleteAsync(cancellationToken);
        }

        return await upload.CompleteAsync(
            PartNames.CopyFormat, counts, new RowsDetails { Schema = schema, SchemaVersion = schemaVersion, ServerVersion = snapshot.ServerVersion.ToString(), Sums = sums }, cancellationToken);
    }
}
