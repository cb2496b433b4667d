using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Paging;

namespace Saga.Registry.Backups;

/// <summary>Reads backups. Thread-safe.</summary>
public sealed class BackupStore(NpgsqlDataSource registry)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-startedAt";

    private const string Select =
        """
        select b.id, b.tenant_id, t.slug, b.operation_id, b.state, b.requested_by, b.note, b.include_objects, b.tier, b.server, b.schema_version, b.started_at, b.snapshot_at,
            b.ended_at, b.bytes, b.manifest, b.manifest_file, b.manifest_sha256, b.failure, b.expired_at, b.proven_at, b.copied_at, b.copy_failure
        from backups b join tenants t on t.id = b.tenant_id
        """;

    public async Task<Backup?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"{Select} where b.id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>The backup that an operation has begun; null when it has none.</summary>
    public async Task<Guid?> FindOfAsync(Guid operation, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select id from backups where operation_id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        return await find.ExecuteScalarAsync(cancellationToken) as Guid?;
    }

    /// <param name="tenant">The tenant.</param>
    /// <param name="states">Of these states; any when null.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<Backup>> ListAsync(TenantId tenant, IReadOnlyList<BackupState>? states, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        query.Where($"b.tenant_id = {query.Add(tenant.Value)}");
        if (states is not null)
            query.Where($"b.state = any({query.Add(states.Select(BackupRows.Name).ToArray())})");
        query.OrderBy("b.started_at", "b.id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.StartedAt), last.Id), cancellationToken);
    }

    /// <summary>When the tenant's backup key was destroyed, after its last backup had expired; null when it was not.</summary>
    public async Task<DateTimeOffset?> KeyDestroyedAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select removed_at from destroyed_backup_keys where tenant_id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? row.GetFieldValue<DateTimeOffset>(0) : null;
    }

    /// <summary>The files of the backup that were written so far, by name.</summary>
    public async Task<IReadOnlyList<BackupPart>> PartsAsync(Guid backup, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            "select name, step, file, format, bytes, plain_bytes, sha256, counts, details from backup_parts where backup_id = $1 order by name");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = backup });
        var parts = new List<BackupPart>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            parts.Add(new()
            {
                Name = row.GetString(0),
                Step = row.GetString(1),
                File = row.GetString(2),
                Format = row.GetString(3),
                Bytes = row.GetInt64(4),
                PlainBytes = row.GetInt64(5),
                Sha256 = row.GetFieldValue<byte[]>(6),
                Counts = JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(7), Json.Options)!,
                Details = JsonElement.Parse(row.GetString(8)),
            });
        }

        return parts;
    }

    private static Backup Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        TenantId = new(row.GetGuid(1)),
        Slug = Slug.Parse(row.GetString(2)),
        OperationId = row.GetGuid(3),
        State = Enum.Parse<BackupState>(row.GetString(4), ignoreCase: true),
        RequestedBy = row.GetString(5),
        Note = row.IsDBNull(6) ? null : row.GetString(6),
        IncludesObjects = row.GetBoolean(7),
        Tier = Enum.Parse<IsolationTier>(row.GetString(8), ignoreCase: true),
        Server = row.IsDBNull(9) ? null : row.GetString(9),
        SchemaVersion = row.IsDBNull(10) ? null : row.GetInt32(10),
        StartedAt = row.GetFieldValue<DateTimeOffset>(11),
        SnapshotAt = Time(row, 12),
        EndedAt = Time(row, 13),
        Bytes = row.IsDBNull(14) ? null : row.GetInt64(14),
        Manifest = row.IsDBNull(15) ? null : new(JsonElement.Parse(row.GetString(15)), row.GetString(16), row.GetFieldValue<byte[]>(17)),
        Failure = row.IsDBNull(18) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(18), Json.Options),
        ExpiredAt = Time(row, 19),
        ProvenAt = Time(row, 20),
        CopiedAt = Time(row, 21),
        CopyFailure = row.IsDBNull(22) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(22), Json.Options),
    };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
