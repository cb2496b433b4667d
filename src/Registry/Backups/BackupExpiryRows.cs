using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

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

    /// <summary>Destroys every version of the tenant's backup key.</summary>
    /// <returns>How many versions there were; null when a backup is still kept, and nothing was destroyed.</returns>
    public static async Task<int?> DestroyKeysAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var kept = await transaction.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from backups where tenant_id = @Value and state in ('running', 'completed', 'expiring')",
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));
        if (kept > 0)
            return null;
        await transaction.ExecuteAsync("delete from backup_data_keys where tenant_id = @Value", new { tenant.Value }, cancellationToken);
        return await transaction.ExecuteAsync("delete from backup_keys where tenant_id = @Value", new { tenant.Value }, cancellationToken);
    }
}
