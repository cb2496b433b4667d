using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Paging;

namespace Saga.Registry.Exports;

/// <summary>Reads exports, and records who gets their files. Thread-safe.</summary>
public sealed class ExportStore(NpgsqlDataSource registry)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-startedAt";

    private const string Select =
        """
        select e.id, e.tenant_id, t.slug, e.operation_id, e.state, e.requested_by, e.data_types, e.format, e.user_id, e.schema_version, e.started_at, e.snapshot_at,
            e.ended_at, e.expires_at, e.removed_at, e.file, e.bytes, e.sha256, e.counts, e.failure
        from exports e join tenants t on t.id = e.tenant_id
        """;

    public async Task<TenantExport?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"{Select} where e.id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <param name="tenant">The tenant.</param>
    /// <param name="states">Of these states; any when null.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<TenantExport>> ListAsync(TenantId tenant, IReadOnlyList<ExportState>? states, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        query.Where($"e.tenant_id = {query.Add(tenant.Value)}");
        if (states is not null)
            query.Where($"e.state = any({query.Add(states.Select(ExportRows.Name).ToArray())})");
        query.OrderBy("e.started_at", "e.id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.StartedAt), last.Id), cancellationToken);
    }

    /// <summary>Records that somebody gets a link. The link itself is stored nowhere.</summary>
    public async Task AuditLinkAsync(TenantExport export, string actor, string reason, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await using var write = registry.CreateCommand(
            $"insert into audit (actor, action, tenant_id, operation_id, detail, origin) values ($1, '{AuditActions.ExportLink}', $2, $3, $4, $5)");
        write.Parameters.Add(new NpgsqlParameter<string> { TypedValue = actor });
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = export.TenantId.Value });
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = export.OperationId });
        write.Parameters.Add(new NpgsqlParameter
        {
            Value = JsonSerializer.Serialize(new { ExportId = export.Id, Reason = reason, ExpiresAt = until }, Json.Options), NpgsqlDbType = NpgsqlDbType.Jsonb,
        });
        write.Parameters.Add(new NpgsqlParameter<string> { TypedValue = AuditOrigin.Current });
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    private static TenantExport Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        TenantId = new(row.GetGuid(1)),
        Slug = Slug.Parse(row.GetString(2)),
        OperationId = row.GetGuid(3),
        State = Enum.Parse<ExportState>(row.GetString(4), ignoreCase: true),
        RequestedBy = row.GetString(5),
        DataTypes = row.GetFieldValue<string[]>(6),
        Format = row.GetString(7),
        UserId = row.IsDBNull(8) ? null : row.GetString(8),
        SchemaVersion = row.IsDBNull(9) ? null : row.GetInt32(9),
        StartedAt = row.GetFieldValue<DateTimeOffset>(10),
        SnapshotAt = Time(row, 11),
        EndedAt = Time(row, 12),
        ExpiresAt = Time(row, 13),
        RemovedAt = Time(row, 14),
        File = row.IsDBNull(15) ? null : row.GetString(15),
        Bytes = row.IsDBNull(16) ? null : row.GetInt64(16),
        Sha256 = row.IsDBNull(17) ? null : row.GetFieldValue<byte[]>(17),
        Counts = row.IsDBNull(18) ? null : JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(18), Json.Options),
        Failure = row.IsDBNull(19) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(19), Json.Options),
    };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
