using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

/// <summary>What a drill writes. May be repeated.</summary>
public static class BackupDrillRows
{
    /// <summary>Notes that the operation has restored and verified the backup.</summary>
    /// <returns>False when that was noted before.</returns>
    public static async Task<bool> ProveAsync(LeasedTransaction transaction, Guid backup, Guid operation, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            """
            update backups b set proven_at = clock_timestamp()
            from operations o where o.id = @operation and b.id = @backup and (b.proven_at is null or b.proven_at < o.created_at)
            """,
            new { backup, operation }, cancellationToken) == 1;
}
