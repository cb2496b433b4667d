using Npgsql;

namespace Saga.Registry.Backups;

/// <summary>Finds backups that have no copy yet. Thread-safe.</summary>
public sealed class BackupCopyStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The kind of the operations that copy.</summary>
    public const string Kind = "copyBackup";

    /// <summary>Complete backups of tenants and of the registry that were not copied, and whose last copy did not fail just now; oldest first.</summary>
    /// <param name="retry">How long after a failure one is tried again.</param>
    /// <param name="limit">The most backups.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The backup, and how often a copy of it has failed.</returns>
    public async Task<IReadOnlyList<(Guid Backup, int Failures)>> MissingAsync(TimeSpan retry, int limit, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select b.id, b.copy_failures from (
                select id, copy_failures, copy_failed_at, started_at from backups where state = 'completed' and copied_at is null
                union all
                select id, copy_failures, copy_failed_at, started_at from registry_backups where state = 'completed' and copied_at is null) b
            where (b.copy_failed_at is null or b.copy_failed_at <= clock_timestamp() + $3 - $1)
                and not exists (select from operation_scopes s where s.scope = 'backup-copy:' || b.id)
            order by b.started_at, b.id limit $2
            """);
        find.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = retry });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        find.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var found = new List<(Guid, int)>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add((row.GetGuid(0), row.GetInt32(1)));
        return found;
    }
}
