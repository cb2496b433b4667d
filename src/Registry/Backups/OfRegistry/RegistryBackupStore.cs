using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Paging;

namespace Saga.Registry.Backups.OfRegistry;

/// <summary>Reads backups of the registry. Thread-safe.</summary>
public sealed class RegistryBackupStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The kind of the operations that make them.</summary>
    public const string Kind = "backupRegistry";

    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-startedAt";

    private const string Select =
        """
        select id, operation_id, state, requested_by, note, schema_version, started_at, snapshot_at, ended_at, expired_at, bytes, master_key_ids, part,
            manifest, manifest_file, manifest_sha256, failure, copied_at, copy_failure
        from registry_backups
        """;

    public async Task<RegistryBackup?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"{Select} where id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <param name="states">Of these states; any when null.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<RegistryBackup>> ListAsync(IReadOnlyList<BackupState>? states, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        if (states is not null)
            query.Where($"state = any({query.Add(states.Select(BackupRows.Name).ToArray())})");
        query.OrderBy("started_at", "id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.StartedAt), last.Id), cancellationToken);
    }

    /// <summary>What the schedule is computed from.</summary>
    public async Task<RegistryBackupTimes> TimesAsync(CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand(
            $"""
            select clock_timestamp() + $1, (select min(applied_at) from registry_migrations),
                (select max(created_at) from operations where kind = '{Kind}' and requested_by = 'system'),
                (select max(started_at) from registry_backups where state = 'completed')
            """);
        ask.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new(row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<DateTimeOffset>(1), Time(row, 2), Time(row, 3));
    }

    /// <summary>Backups whose time is over, and those whose removal has not ended; oldest first.</summary>
    /// <param name="days">How long one is kept.</param>
    /// <param name="last">How many complete ones are kept whatever their age.</param>
    /// <param name="limit">The most backups.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<IReadOnlyList<Guid>> ExpiredAsync(int days, int last, int limit, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select b.id from registry_backups b
            where b.state = 'expiring' or b.state = 'completed' and b.started_at <= clock_timestamp() + $4 - make_interval(days => $1)
                and (select count(*) from registry_backups n where n.state = 'completed' and (n.started_at, n.id) > (b.started_at, b.id)) >= $2
            order by b.started_at, b.id limit $3
            """);
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = days });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = last });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        find.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var found = new List<Guid>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add(row.GetGuid(0));
        return found;
    }

    private static RegistryBackup Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        OperationId = row.GetGuid(1),
        State = Enum.Parse<BackupState>(row.GetString(2), ignoreCase: true),
        RequestedBy = row.GetString(3),
        Note = row.IsDBNull(4) ? null : row.GetString(4),
        SchemaVersion = row.IsDBNull(5) ? null : row.GetInt32(5),
        StartedAt = row.GetFieldValue<DateTimeOffset>(6),
        SnapshotAt = Time(row, 7),
        EndedAt = Time(row, 8),
        ExpiredAt = Time(row, 9),
        Bytes = row.IsDBNull(10) ? null : row.GetInt64(10),
        MasterKeyIds = row.GetFieldValue<string[]>(11),
        Part = row.IsDBNull(12) ? null : JsonSerializer.Deserialize<BackupPart>(row.GetString(12), Json.Options),
        Manifest = row.IsDBNull(13) ? null : new(JsonElement.Parse(row.GetString(13)), row.GetString(14), row.GetFieldValue<byte[]>(15)),
        Failure = row.IsDBNull(16) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(16), Json.Options),
        CopiedAt = Time(row, 17),
        CopyFailure = row.IsDBNull(18) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(18), Json.Options),
    };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}

/// <param name="Now">The registry's time.</param>
/// <param name="InstalledAt">When the registry was created. What should have run before was not missed.</param>
/// <param name="ScheduledAt">When the last backup was posted by the schedule; null when none was.</param>
/// <param name="CompleteFrom">When the newest complete backup began; null when there is none.</param>
public sealed record RegistryBackupTimes(DateTimeOffset Now, DateTimeOffset InstalledAt, DateTimeOffset? ScheduledAt, DateTimeOffset? CompleteFrom);
