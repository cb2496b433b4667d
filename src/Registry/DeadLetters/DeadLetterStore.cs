using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.DeadLetters;
using Saga.Registry.Audit;
using Saga.Registry.Notifications;
using Saga.Registry.Paging;

namespace Saga.Registry.DeadLetters;

/// <summary>Stores messages that could not be consumed, lists them and returns them to their queues. Thread-safe.</summary>
public sealed class DeadLetterStore(NpgsqlDataSource registry, RegistryNotifier notifier)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-firstAt";

    private const string Columns = "id, queue, message_id, message_type, body, is_binary, reason, detail, times, first_at, last_at, returned_at, returned_by";

    /// <summary>Stores a dead letter. If it comes again, after it was returned or because its delivery was not acknowledged, its row is updated.</summary>
    public async Task KeepAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            """
            insert into dead_letters as d (id, queue, message_id, message_type, body, is_binary, reason, detail, traceparent)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (queue, message_id) do update set
                message_type = excluded.message_type, body = excluded.body, is_binary = excluded.is_binary, reason = excluded.reason, detail = excluded.detail,
                times = d.times + 1, last_at = now(), returned_at = null, returned_by = null
            """);
        Add(command, Guid.CreateVersion7());
        Add(command, letter.Queue);
        Add(command, letter.MessageId);
        AddText(command, letter.MessageType);
        // PostgreSQL cannot store NUL in text.
        Add(command, letter.Body.Replace("\0", "\\u0000", StringComparison.Ordinal));
        Add(command, letter.Binary);
        Add(command, letter.Reason);
        Add(command, letter.Detail.Replace("\0", "", StringComparison.Ordinal));
        AddText(command, letter.TraceParent);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<StoredDeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand($"select {Columns} from dead_letters where id = $1");
        Add(command, id);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <param name="filter">Conditions that must all hold.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    public async Task<Page<StoredDeadLetter>> ListAsync(DeadLetterFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, $"select {Columns} from dead_letters");
        if (filter.Queue is { } queue)
            query.Where($"queue = {query.Add(queue)}");
        if (filter.Reason is { } reason)
            query.Where($"reason = {query.Add(reason)}");
        if (filter.Waiting is { } waiting)
            query.Where(waiting ? "returned_at is null" : "returned_at is not null");
        query.OrderBy("first_at", "id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.FirstAt), last.Id), cancellationToken);
    }

    /// <summary>The number of dead letters that wait for an operator.</summary>
    public async Task<long> CountWaitingAsync(CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("select count(*) from dead_letters where returned_at is null");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Returns it to its queue through the outbox under its own id, so that it does not repeat changes it has already made. Audited.
    /// </summary>
    public async Task<DeadLetterReturn> ReturnAsync(Guid id, string actor, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var read = new NpgsqlCommand($"select {Columns} from dead_letters where id = $1 for update", connection, transaction);
        Add(read, id);
        StoredDeadLetter letter;
        await using (var row = await read.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken))
                return DeadLetterReturn.NotFound;
            letter = Read(row);
        }

        if (letter.ReturnedAt is not null)
            return DeadLetterReturn.AlreadyReturned;
        if (!letter.IsReturnable)
            return DeadLetterReturn.NotReturnable;

        await using var batch = new NpgsqlBatch(connection, transaction);
        AddCommand(batch, "update dead_letters set returned_at = now(), returned_by = $2 where id = $1", id, actor);
        // It may still be in the outbox because its first send failed; then it is sent once.
        AddCommand(batch,
            """
            insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent)
            select message_id, message_type, queue, body, '-infinity', traceparent from dead_letters where id = $1
            on conflict (message_id) do nothing
            """, id);
        AddCommand(batch,
            """
            insert into audit (actor, action, origin, detail)
            select $2, $4, $5, jsonb_build_object('id', id, 'queue', queue, 'messageId', message_id, 'messageType', message_type, 'reason', $3::text)
            from dead_letters where id = $1
            """, id, actor, reason, AuditActions.DeadLetterReturn, AuditOrigin.Current);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        // After the commit, which would otherwise hold a server-wide lock. The relay's poll makes up for a lost notification.
        notifier.Notify(RegistryChannels.Outbox);
        return DeadLetterReturn.Returned;
    }

    private static StoredDeadLetter Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Queue = row.GetString(1),
        MessageId = row.GetGuid(2),
        MessageType = row.IsDBNull(3) ? null : row.GetString(3),
        Body = row.GetString(4),
        IsBinary = row.GetBoolean(5),
        Reason = row.GetString(6),
        Detail = row.GetString(7),
        Times = row.GetInt32(8),
        FirstAt = row.GetFieldValue<DateTimeOffset>(9),
        LastAt = row.GetFieldValue<DateTimeOffset>(10),
        ReturnedAt = row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11),
        ReturnedBy = row.IsDBNull(12) ? null : row.GetString(12),
    };

    private static void Add(NpgsqlCommand command, object value) => command.Parameters.Add(new NpgsqlParameter { Value = value });

    private static void AddText(NpgsqlCommand command, string? value) =>
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });

    private static void AddCommand(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }
}
