using System.Text.Json;
using Dapper;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Registry.Backups;

/// <summary>The steps' writes to backups. Each may be repeated.</summary>
public static class BackupRows
{
    /// <summary>Begins the operation's backup. One that it has begun before is kept.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant, and where its rows are.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="note">What the command says about it.</param>
    /// <param name="includeObjects">Whether it has the contents of objects. When null, that depends on whether the operation's kind is <paramref name="kind"/>: another command's backup has them.</param>
    /// <param name="kind">The kind of an operation that only makes a backup.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task<BegunBackup> BeginAsync(
        LeasedTransaction transaction, Tenant tenant, Guid operation, string? note, bool? includeObjects, string kind, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            """
            insert into backups (id, tenant_id, operation_id, requested_by, note, include_objects, tier, server, schema_version, started_at)
            select @Id, @Tenant, o.id, o.requested_by, @note, coalesce(@includeObjects, o.kind <> @kind), @Tier, @Server, @SchemaVersion, clock_timestamp()
            from operations o where o.id = @operation
            on conflict (operation_id) do nothing
            """,
            new
            {
                Id = Guid.CreateVersion7(), Tenant = tenant.Id.Value, operation, note, includeObjects, kind,
                Tier = TierName(tenant.Placed?.Tier ?? tenant.Tier), tenant.Placed?.Place.Server, tenant.SchemaVersion,
            },
            cancellationToken);
        return (await FindAsync(transaction, operation, cancellationToken))!;
    }

    /// <summary>The operation's backup; null when it has none.</summary>
    public static Task<BegunBackup?> FindAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<BegunBackup>(new CommandDefinition(
            """
            select id as Id, state as State, include_objects as IncludesObjects, snapshot_at as SnapshotAt, copied_at is not null or copy_failed_at is not null as MayHaveCopy
            from backups where operation_id = @operation
            """,
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Records a file that was written. One that the same step recorded before is replaced.</summary>
    public static Task AddPartAsync(LeasedTransaction transaction, Guid backup, BackupPart part, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        """
        insert into backup_parts (backup_id, name, step, file, format, bytes, plain_bytes, sha256, counts, details)
        values (@backup, @Name, @Step, @File, @Format, @Bytes, @PlainBytes, @Sha256, @Counts::jsonb, @Details::jsonb)
        on conflict (backup_id, name) do update set
            step = excluded.step, file = excluded.file, format = excluded.format, bytes = excluded.bytes, plain_bytes = excluded.plain_bytes, sha256 = excluded.sha256,
            counts = excluded.counts, details = excluded.details
        """,
        new
        {
            backup, part.Name, part.Step, part.File, part.Format, part.Bytes, part.PlainBytes, part.Sha256,
            Counts = JsonSerializer.Serialize(part.Counts, Json.Options), Details = part.Details.GetRawText(),
        },
        cancellationToken);

    /// <summary>Records the state that the rows have.</summary>
    public static Task SetSnapshotAsync(LeasedTransaction transaction, Guid backup, DateTimeOffset at, int? schemaVersion, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("update backups set snapshot_at = @at, schema_version = @schemaVersion where id = @backup", new { backup, at, schemaVersion }, cancellationToken);

    /// <summary>Forgets the files of a step.</summary>
    public static Task RemovePartsAsync(LeasedTransaction transaction, Guid backup, string step, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from backup_parts where backup_id = @backup and step = @step", new { backup, step }, cancellationToken);

    /// <summary>Completes the backup.</summary>
    /// <returns>When; null when it was complete before, or does not run any more.</returns>
    public static async Task<DateTimeOffset?> CompleteAsync(
        LeasedTransaction transaction, Guid backup, StoredManifest manifest, long bytes, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            """
            update backups set state = 'completed', ended_at = clock_timestamp(), bytes = @bytes, manifest = @Content::jsonb, manifest_file = @File, manifest_sha256 = @Sha256
            where id = @backup and state = 'running' returning ended_at
            """,
            new { backup, bytes, Content = manifest.Content.GetRawText(), manifest.File, manifest.Sha256 },
            transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    /// <summary>Takes back that the backup is complete, before its files are removed.</summary>
    public static Task ReopenAsync(LeasedTransaction transaction, Guid backup, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        """
        update backups set state = 'running', ended_at = null, bytes = null, manifest = null, manifest_file = null, manifest_sha256 = null
        where id = @backup and state = 'completed'
        """,
        new { backup }, cancellationToken);

    /// <summary>Marks the operation's backup as failed, and destroys its key. A complete one is undone with its operation.</summary>
    /// <returns>Why it failed, and when; null when that was recorded before.</returns>
    public static async Task<FailedBackup?> FailAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<(Guid Id, string? Failure, string? CancelledBy, string? Reason, DateTime At, string? FailedStep)?>(new CommandDefinition(
            """
            update backups b set state = 'failed', ended_at = clock_timestamp(), failure = case when o.cancellation is null then o.failure end,
                manifest = null, manifest_file = null, manifest_sha256 = null, bytes = null
            from operations o where o.id = b.operation_id and b.operation_id = @operation and b.state <> 'failed'
            returning b.id, o.failure::text, o.cancellation ->> 'actor', o.cancellation ->> 'reason', b.ended_at, case when o.failed_back is not true then o.failed_step end
            """,
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
        if (row is not { } failed)
            return null;
        await transaction.ExecuteAsync("delete from backup_data_keys where backup_id = @Id", new { failed.Id }, cancellationToken);
        var why = failed.CancelledBy is null && failed.Failure is not null ? JsonSerializer.Deserialize<Failure>(failed.Failure, Json.Options) : null;
        return new(failed.Id, why, failed.CancelledBy is null ? null : $"Cancelled by {failed.CancelledBy}: {failed.Reason}", new DateTimeOffset(failed.At))
        {
            FailedStep = failed.FailedStep,
        };
    }

    internal static string Name(BackupState state) => state.ToString().ToLowerInvariant();

    private static string TierName(IsolationTier tier) => tier.ToString().ToLowerInvariant();
}
