using System.Text.Json;
using Dapper;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups.OfRegistry;

/// <summary>The steps' writes to backups of the registry. Each may be repeated.</summary>
public static class RegistryBackupRows
{
    // Keeps apart the begin of a backup and the removal of keys: which of them came first decides whether the backup has the keys.
    private const string LockSharedWithRemovals = "select pg_advisory_xact_lock_shared(1513751041)";
    internal const string LockAgainstBackups = "select pg_advisory_xact_lock(1513751041)";

    /// <summary>Begins the operation's backup. One that it has begun before is kept.</summary>
    public static async Task<BegunRegistryBackup> BeginAsync(LeasedTransaction transaction, Guid operation, string? note, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(LockSharedWithRemovals, null, cancellationToken);
        await transaction.ExecuteAsync(
            """
            insert into registry_backups (id, operation_id, requested_by, note, started_at)
            select @Id, o.id, o.requested_by, @note, clock_timestamp() from operations o where o.id = @operation
            on conflict (operation_id) do nothing
            """,
            new { Id = Guid.CreateVersion7(), operation, note }, cancellationToken);
        return (await FindAsync(transaction, operation, cancellationToken))!;
    }

    /// <summary>The operation's backup; null when it has none.</summary>
    public static Task<BegunRegistryBackup?> FindAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<BegunRegistryBackup>(new CommandDefinition(
            "select id as Id, state as State, key_master_id as MasterKeyId, wrapped_key as WrappedKey from registry_backups where operation_id = @operation",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Stores the wrapped key of a running backup that has none.</summary>
    public static Task SetKeyAsync(LeasedTransaction transaction, Guid backup, string masterKeyId, byte[] wrapped, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update registry_backups set key_master_id = @masterKeyId, wrapped_key = @wrapped where id = @backup and state = 'running' and wrapped_key is null",
        new { backup, masterKeyId, wrapped }, cancellationToken);

    /// <summary>Records the file with the dump. One that was recorded before is replaced.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="backup">The backup.</param>
    /// <param name="part">The file; null to forget it.</param>
    /// <param name="snapshot">What it has.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task SetPartAsync(LeasedTransaction transaction, Guid backup, BackupPart? part, RegistryState? snapshot, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        """
        update registry_backups set part = @Part::jsonb, snapshot_at = @At, schema_version = @SchemaVersion, master_key_ids = @MasterKeyIds
        where id = @backup and state = 'running'
        """,
        new
        {
            backup, Part = part is null ? null : JsonSerializer.Serialize(part, Json.Options), snapshot?.At, snapshot?.SchemaVersion, MasterKeyIds = snapshot?.MasterKeyIds.ToArray() ?? [],
        },
        cancellationToken);

    /// <summary>Completes the backup.</summary>
    /// <returns>When; null when it was complete before, or does not run any more.</returns>
    public static async Task<DateTimeOffset?> CompleteAsync(LeasedTransaction transaction, Guid backup, StoredManifest manifest, long bytes, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            """
            update registry_backups set state = 'completed', ended_at = clock_timestamp(), bytes = @bytes, manifest = @Content::jsonb, manifest_file = @File, manifest_sha256 = @Sha256
            where id = @backup and state = 'running' returning ended_at
            """,
            new { backup, bytes, Content = manifest.Content.GetRawText(), manifest.File, manifest.Sha256 },
            transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    /// <summary>Marks the operation's backup as failed, and destroys its key. A complete one stays what it is, whatever becomes of its operation.</summary>
    /// <returns>Why it failed, and when; null when that was recorded before, or the backup is complete.</returns>
    public static async Task<FailedBackup?> FailAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<(Guid Id, string? Failure, string? CancelledBy, string? Reason, DateTime At)?>(new CommandDefinition(
            """
            update registry_backups b set state = 'failed', ended_at = clock_timestamp(), failure = case when o.cancellation is null then o.failure end,
                part = null, manifest = null, manifest_file = null, manifest_sha256 = null, bytes = null, wrapped_key = null
            from operations o where o.id = b.operation_id and b.operation_id = @operation and b.state = 'running'
            returning b.id, o.failure::text, o.cancellation ->> 'actor', o.cancellation ->> 'reason', b.ended_at
            """,
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
        return row is not { } failed
            ? null
            : new(
                failed.Id, failed.CancelledBy is null && failed.Failure is not null ? JsonSerializer.Deserialize<Failure>(failed.Failure, Json.Options) : null,
                failed.CancelledBy is null ? null : $"Cancelled by {failed.CancelledBy}: {failed.Reason}", new DateTimeOffset(failed.At));
    }

    /// <summary>
    /// Begins the removal of a backup: the registry forgets its key. The manifest beside the dump has it too, wrapped, so a folder that is left over can
    /// be read by whoever has the master key, until it is removed.
    /// </summary>
    /// <returns>False when it is the newest complete one, or is not complete any more.</returns>
    public static async Task<bool> BeginExpiryAsync(LeasedTransaction transaction, Guid backup, CancellationToken cancellationToken) => await transaction.ExecuteAsync(
        """
        update registry_backups b set state = 'expiring', wrapped_key = null
        where b.id = @backup and (b.state = 'expiring' or b.state = 'completed' and exists (
            select from registry_backups n where n.state = 'completed' and (n.started_at, n.id) > (b.started_at, b.id)))
        """,
        new { backup }, cancellationToken) == 1;

    /// <summary>Notes that the files of a backup are gone. The manifest stays, to be seen.</summary>
    /// <returns>When; null when that was noted before.</returns>
    public static async Task<DateTimeOffset?> EndExpiryAsync(LeasedTransaction transaction, Guid backup, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update registry_backups set state = 'expired', expired_at = clock_timestamp(), part = null where id = @backup and state = 'expiring' returning expired_at",
            new { backup }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;
}

/// <summary>What the steps of a backup need to know about it.</summary>
// A class with setters, because a record's constructor would have to match the driver's types.
public sealed class BegunRegistryBackup
{
    public Guid Id { get; init; }

    public string State { get; init; } = "";

    public bool IsComplete => State is "completed" or "expiring" or "expired";

    public bool IsFailed => State == "failed";

    /// <summary>The master key that wraps the backup's key.</summary>
    public string? MasterKeyId { get; init; }

    public byte[]? WrappedKey { get; init; }
}
