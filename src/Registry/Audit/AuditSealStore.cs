using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Saga.Registry.Audit;

/// <summary>The end of the chain.</summary>
/// <param name="Chain">The chain's id.</param>
/// <param name="Number">The number of its last line; 0 for none.</param>
/// <param name="Hash">The hash of that line.</param>
/// <param name="Now">The registry's time.</param>
public sealed record AuditChainEnd(Guid Chain, long Number, byte[] Hash, DateTimeOffset Now);

/// <param name="Age">The age of the oldest line that is not sealed; null when there is none.</param>
/// <param name="Number">The number of the last sealed line.</param>
public sealed record AuditLag(TimeSpan? Age, long Number);

/// <param name="Mark">The head.</param>
/// <param name="CopiedNumber">Up to which number the object store had the day's head before; null for none.</param>
public sealed record UncopiedHead(AuditMark Mark, long? CopiedNumber);

/// <summary>
/// Chains the audit log's lines, a while after they were written. The row of <c>audit_chain</c> is locked in the transaction that extends the chain, so of any
/// number of sealers one works at a time, and one that dies has done nothing. Thread-safe.
/// </summary>
public sealed class AuditSealStore(NpgsqlDataSource registry)
{
    /// <summary>Seals lines that have committed, the oldest first.</summary>
    /// <returns>How many; null when another process is sealing.</returns>
    public async Task<int?> SealAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(transaction, cancellationToken) is not { } end)
            return null;
        var (numbers, ids, hashes) = (new List<long>(), new List<long>(), new List<byte[]>());
        var (number, hash) = (end.Number, end.Hash);
        await using (var read = Command(transaction, $"select {AuditEntry.Columns} from audit_to_seal a order by a.id limit $1", limit))
        await using (var row = await read.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                var entry = AuditEntry.Read(row);
                hash = AuditChain.Next(hash, ++number, entry);
                numbers.Add(number);
                ids.Add(entry.Id);
                hashes.Add(hash);
            }
        }

        if (ids.Count == 0)
            return 0;
        await using (var insert = Command(transaction, "insert into audit_seals (seq, audit_id, hash) select * from unnest($1, $2, $3)", numbers.ToArray(), ids.ToArray(), hashes.ToArray()))
            await insert.ExecuteNonQueryAsync(cancellationToken);
        await using (var dequeue = Command(transaction, "delete from audit_unsealed where audit_id = any($1)", [ids.ToArray()]))
            await dequeue.ExecuteNonQueryAsync(cancellationToken);
        await using (var extend = Command(transaction, "update audit_chain set seq = $1, hash = $2", number, hash))
            await extend.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ids.Count;
    }

    /// <summary>Signs the chain's end as the day's head, if it is not signed yet.</summary>
    /// <param name="sign">Makes the head.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>Whether there is a new head.</returns>
    public async Task<bool> SignAsync(Func<AuditChainEnd, AuditMark> sign, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(transaction, cancellationToken) is not { Number: > 0 } end)
            return false;
        await using (var signed = Command(transaction, "select exists (select from audit_heads where chain = $1 and seq = $2)", end.Chain, end.Number))
        {
            if (await signed.ExecuteScalarAsync(cancellationToken) is true)
                return false;
        }

        var head = sign(end);
        await using (var keep = Command(
            transaction,
            """
            insert into audit_heads (chain, day, seq, document) values ($1, $2, $3, $4::jsonb)
            on conflict (chain, day) do update set seq = excluded.seq, document = excluded.document
            """,
            head.Chain, head.Day, head.Number, head.ToJson()))
            await keep.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Heads that the object store does not have, the oldest first.</summary>
    public async Task<IReadOnlyList<UncopiedHead>> UncopiedAsync(int limit, CancellationToken cancellationToken)
    {
        await using var read = registry.CreateCommand("select document::text, copied_seq from audit_heads where copied_seq is distinct from seq order by day limit $1");
        read.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var heads = new List<UncopiedHead>();
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            heads.Add(new(
                AuditMark.Parse(Encoding.UTF8.GetBytes(row.GetString(0))) ?? throw new InvalidDataException("A head of the audit log in the registry cannot be read. Run Saga.Host check audit."),
                row.IsDBNull(1) ? null : row.GetInt64(1)));
        return heads;
    }

    /// <summary>Records that the object store has a head.</summary>
    public async Task CopiedAsync(AuditMark head, CancellationToken cancellationToken)
    {
        await using var write = registry.CreateCommand("update audit_heads set copied_seq = $3 where chain = $1 and day = $2 and (copied_seq is null or copied_seq < $3)");
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = head.Chain });
        write.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = head.Day });
        write.Parameters.Add(new NpgsqlParameter<long> { TypedValue = head.Number });
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Deletes the oldest lines that are older than the age, as far as the object store has a head after them. The chain's hash up to there stays, as the signed anchor.
    /// </summary>
    /// <param name="age">The age.</param>
    /// <param name="limit">The most lines.</param>
    /// <param name="sign">Makes the anchor.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>How many were deleted.</returns>
    public async Task<long> PruneAsync(TimeSpan age, int limit, Func<AuditChainEnd, AuditMark> sign, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(transaction, cancellationToken) is not { } end)
            return 0;
        AuditChainEnd last;
        // A line that is missing or too young ends it, because the chain stays whole behind the anchor.
        await using (var find = Command(
            transaction,
            """
            with oldest as (
                select s.seq, s.hash, a.at < clock_timestamp() - $1 and s.seq <= (select max(copied_seq) from audit_heads) as may_go
                from audit_seals s left join audit a on a.id = s.audit_id order by s.seq limit $2)
            select seq, hash from oldest o where not exists (select from oldest e where e.seq <= o.seq and e.may_go is not true) order by seq desc limit 1
            """,
            age, limit))
        await using (var row = await find.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken))
                return 0;
            last = end with { Number = row.GetInt64(0), Hash = row.GetFieldValue<byte[]>(1) };
        }

        long pruned;
        await using (var prune = Command(transaction, "select prune_audit($1, $2, $3::jsonb)", last.Number, age, sign(last).ToJson()))
            pruned = (long)(await prune.ExecuteScalarAsync(cancellationToken))!;
        await using (var audit = Command(
            transaction,
            $"insert into audit (actor, action, origin, detail) values ('system', '{AuditActions.AuditPrune}', '{AuditOrigin.System}', jsonb_build_object('through', $1::bigint, 'lines', $2::bigint))",
            last.Number, pruned))
            await audit.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return pruned;
    }

    /// <summary>How far the sealing is.</summary>
    public async Task<AuditLag> LagAsync(CancellationToken cancellationToken)
    {
        await using var read = registry.CreateCommand("select (select clock_timestamp() - min(queued_at) from audit_unsealed), seq from audit_chain");
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new(row.IsDBNull(0) ? null : row.GetFieldValue<TimeSpan>(0), row.GetInt64(1));
    }

    private static async Task<AuditChainEnd?> LockAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var find = Command(transaction, "select chain, seq, hash, clock_timestamp() from audit_chain for update skip locked");
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(row.GetGuid(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.GetFieldValue<DateTimeOffset>(3))
            : null;
    }

    private static NpgsqlCommand Command(NpgsqlTransaction transaction, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, transaction.Connection, transaction);
        foreach (var value in values)
            command.Parameters.Add(value is byte[][] hashes ? new NpgsqlParameter { Value = hashes, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea } : new NpgsqlParameter { Value = value });
        return command;
    }
}
