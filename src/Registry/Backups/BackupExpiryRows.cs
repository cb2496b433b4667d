using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

/// <param name="Versions">How many versions this attempt destroyed.</param>
/// <param name="Gone">Whether this attempt found that no copy of them is left.</param>
/// <param name="LastCopyFrom">When the newest backup of the registry began that still has them; null when there is none.</param>
/// <param name="Awaited">Whether a scheduled command is going to look again.</param>
/// <param name="Now">The registry's time.</param>
public sealed record DestroyedBackupKeys(int Versions, bool Gone, DateTimeOffset? LastCopyFrom, bool Awaited, DateTimeOffset Now);

/// <summary>The removal of backups, for its steps. Each call may be repeated.</summary>
public static class BackupExpiryRows
{
    /// <summary>
    /// Of these backups of the tenant, those whose files are there, oldest first; or of all of them, and then those too that were given up half made.
    /// </summary>
    public static async Task<IReadOnlyList<Guid>> ListAsync(LeasedTransaction transaction, TenantId tenant, IReadOnlyList<Guid>? backups, CancellationToken cancellationToken) =>
    [
        .. await transaction.Connection.QueryAsync<Guid>(new CommandDefinition(
            """
            select id from backups where tenant_id = @Value and (state in ('completed', 'expiring') or @All and state = 'running') and (@All or id = any(@Ids)) order by started_at, id
            """,
            new { tenant.Value, All = backups is null, Ids = backups?.ToArray() ?? [] }, transaction.Transaction, cancellationToken: cancellationToken)),
    ];

    /// <summary>
    /// Begins the removal of a backup: it can no longer be restored, and its key is destroyed, so that a file which the store does not remove is
    /// unreadable.
    /// </summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="backup">The backup.</param>
    /// <param name="evenLast">Whether it may be the tenant's newest complete one.</param>
    /// <param name="all">Whether it may be one that was given up half made, because all of them go.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>False when the backup is kept, because it is the newest one or is not complete any more.</returns>
    public static async Task<bool> BeginAsync(LeasedTransaction transaction, TenantId tenant, Guid backup, bool evenLast, bool all, CancellationToken cancellationToken)
    {
        var begun = await transaction.ExecuteAsync(
            """
            update backups b set state = 'expiring'
            where b.id = @backup and b.tenant_id = @Value and (b.state = 'expiring' or @all and b.state = 'running' or b.state = 'completed' and (@evenLast or exists (
                select from backups n where n.tenant_id = b.tenant_id and n.state = 'completed' and (n.started_at, n.id) > (b.started_at, b.id))))
            """,
            new { backup, tenant.Value, evenLast, all }, cancellationToken);
        await transaction.ExecuteAsync("delete from backup_data_keys where backup_id = @backup and @begun", new { backup, begun = begun == 1 }, cancellationToken);
        return begun == 1;
    }

    /// <summary>Notes that the files of a backup are gone. The manifest stays, to be seen.</summary>
    /// <returns>When; null when that was noted before.</returns>
    public static async Task<DateTimeOffset?> EndAsync(LeasedTransaction transaction, Guid backup, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync("delete from backup_parts where backup_id = @backup", new { backup }, cancellationToken);
        return await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update backups set state = 'expired', expired_at = clock_timestamp() where id = @backup and state = 'expiring' returning expired_at",
            new { backup }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;
    }

    /// <summary>
    /// Destroys every version of the tenant's backup key in the registry. Backups of the registry that began before still have them, so the keys are gone
    /// only when the last of those is. May be repeated until they are.
    /// </summary>
    /// <returns>What became of the keys; null when a backup of the tenant is still kept, and nothing was destroyed.</returns>
    public static async Task<DestroyedBackupKeys?> DestroyKeysAsync(LeasedTransaction transaction, TenantId tenant, Guid removal, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(RegistryBackupRows.LockAgainstBackups, null, cancellationToken);
        var kept = await transaction.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from backups where tenant_id = @Value and state in ('running', 'completed', 'expiring')",
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));
        if (kept > 0)
            return null;
        await transaction.ExecuteAsync("delete from backup_data_keys where tenant_id = @Value", new { tenant.Value }, cancellationToken);
        var versions = await transaction.ExecuteAsync("delete from backup_keys where tenant_id = @Value", new { tenant.Value }, cancellationToken);
        if (versions > 0)
        {
            await transaction.ExecuteAsync(
                """
                insert into destroyed_backup_keys (tenant_id, removal, removed_at) values (@Value, @removal, clock_timestamp())
                on conflict (tenant_id) do update set removal = excluded.removal, removed_at = excluded.removed_at, gone_at = null
                """,
                new { tenant.Value, removal }, cancellationToken);
        }

        var (last, now, awaited) = await transaction.Connection.QuerySingleAsync<(DateTime?, DateTime, bool)>(new CommandDefinition(
            $"""
            select (select max(b.started_at) from registry_backups b join destroyed_backup_keys d on b.started_at <= d.removed_at
                where d.tenant_id = @Value and d.gone_at is null and b.state in ('running', 'completed', 'expiring')), clock_timestamp(),
                exists (select from scheduled_commands c where c.tenant_id = @Value and c.kind = '{BackupDestruction.Kind}' and c.state = 'scheduled')
            """,
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));
        var gone = last is null && await transaction.ExecuteAsync(
            "update destroyed_backup_keys set gone_at = clock_timestamp() where tenant_id = @Value and gone_at is null", new { tenant.Value }, cancellationToken) == 1;
        return new(versions, gone, last is { } at ? new DateTimeOffset(at) : null, awaited, new(now));
    }
}
