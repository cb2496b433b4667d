using Dapper;
using Npgsql;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

/// <summary>What the step that copies backups writes. Each call may be repeated. An id is that of one backup, of a tenant or of the registry.</summary>
public static class BackupCopyRows
{
    /// <summary>Notes that the copy is complete.</summary>
    /// <returns>False when the backup is not complete any more, so that the copy must go too.</returns>
    public static async Task<bool> CopiedAsync(LeasedTransaction transaction, Guid backup, CancellationToken cancellationToken) => await transaction.ExecuteAsync(
        """
        with of_tenant as (
            update backups set copied_at = coalesce(copied_at, clock_timestamp()), copy_failure = null where id = @backup and state = 'completed' returning id)
        update registry_backups set copied_at = coalesce(copied_at, clock_timestamp()), copy_failure = null where id = @backup and state = 'completed'
        """,
        new { backup }, cancellationToken) == 1 || await transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from backups where id = @backup and state = 'completed')", new { backup }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Notes that the operation did not copy the backup, and why.</summary>
    /// <returns>The failure's code and message; null when the backup is copied or not complete any more.</returns>
    public static async Task<(string Code, string Message)?> FailedAsync(LeasedTransaction transaction, Guid backup, Guid operation, CancellationToken cancellationToken)
    {
        var failed = 0;
        foreach (var table in (string[])["update backups", "update registry_backups"])
        {
            failed += await transaction.ExecuteAsync(
                $"""
                {table} b set copy_failures = b.copy_failures + 1, copy_failed_at = clock_timestamp(),
                    copy_failure = coalesce(o.failure, jsonb_build_object('code', 'cancelled', 'message', 'The copy was cancelled.'))
                from operations o where o.id = @operation and b.id = @backup and b.state = 'completed' and b.copied_at is null
                """,
                new { backup, operation }, cancellationToken);
        }

        return failed == 0 ? null : await transaction.Connection.QuerySingleAsync<(string, string)>(new CommandDefinition(
            "select coalesce(failure ->> 'code', 'cancelled'), coalesce(failure ->> 'message', 'The copy was cancelled.') from operations where id = @operation",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
    }
}
