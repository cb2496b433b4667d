using System.Data;
using System.Runtime.CompilerServices;
using System.Text;
using Npgsql;

namespace Saga.Registry.Audit;

/// <summary>A line of the chain, as it is stored.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="EntryId">The id of the line in the audit log.</param>
/// <param name="Entry">That line; null when it is missing.</param>
public sealed record SealedEntry(long Number, byte[] Hash, long EntryId, AuditEntry? Entry);

/// <param name="Chain">The chain's id.</param>
/// <param name="Number">The number of the last line, according to the registry.</param>
/// <param name="Hash">The hash of the last line, according to the registry.</param>
/// <param name="AnchorNumber">Up to which number it was pruned; 0 for never.</param>
/// <param name="AnchorHash">The hash of that line.</param>
/// <param name="Anchor">What was signed of that; null for none.</param>
public sealed record StoredChain(Guid Chain, long Number, byte[] Hash, long AnchorNumber, byte[] AnchorHash, AuditMark? Anchor);

/// <param name="Day">The day.</param>
/// <param name="Mark">The head; null when it cannot be read.</param>
/// <param name="CopiedNumber">Up to which number the object store has the day's head; null for none.</param>
public sealed record StoredHead(DateOnly Day, AuditMark? Mark, long? CopiedNumber);

/// <summary>The audit log and its chain at one moment, for the check. It takes the same memory however long the chain is. Not thread-safe.</summary>
public sealed class AuditSnapshot : IAsyncDisposable
{
    private const int PageSize = 2000;

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private AuditSnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction) => (this.connection, this.transaction) = (connection, transaction);

    public static async Task<AuditSnapshot> OpenAsync(NpgsqlDataSource registry, CancellationToken cancellationToken)
    {
        var opened = await registry.OpenConnectionAsync(cancellationToken);
        try
        {
            return new(opened, await opened.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken));
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <returns>Null when the row that has the chain's end is missing.</returns>
    public async Task<StoredChain?> ChainAsync(CancellationToken cancellationToken)
    {
        await using var read = Command("select chain, seq, hash, anchor_seq, anchor_hash, anchor::text from audit_chain");
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(
                row.GetGuid(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4),
                row.IsDBNull(5) ? null : Mark(row.GetString(5)))
            : null;
    }

    /// <summary>The signed heads, of former chains too, in the order of their numbers.</summary>
    public async Task<IReadOnlyList<StoredHead>> HeadsAsync(CancellationToken cancellationToken)
    {
        await using var read = Command("select day, document::text, copied_seq from audit_heads order by seq");
        var heads = new List<StoredHead>();
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            heads.Add(new(row.GetFieldValue<DateOnly>(0), Mark(row.GetString(1)), row.IsDBNull(2) ? null : row.GetInt64(2)));
        return heads;
    }

    /// <summary>The chain, from its anchor on.</summary>
    public async IAsyncEnumerable<SealedEntry> EntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? after = null; ;)
        {
            var page = new List<SealedEntry>(PageSize);
            await using (var read = Command(
                $"select {AuditEntry.Columns}, s.seq, s.hash, s.audit_id from audit_seals s left join audit a on a.id = s.audit_id where s.seq > $1 order by s.seq limit $2", after ?? long.MinValue, PageSize))
            await using (var row = await read.ExecuteReaderAsync(cancellationToken))
            {
                while (await row.ReadAsync(cancellationToken))
                {
                    page.Add(new(
                        row.GetInt64(AuditEntry.ColumnCount), row.GetFieldValue<byte[]>(AuditEntry.ColumnCount + 1), row.GetInt64(AuditEntry.ColumnCount + 2),
                        row.IsDBNull(0) ? null : AuditEntry.Read(row)));
                }
            }

            foreach (var entry in page)
                yield return entry;
            if (page.Count < PageSize)
                yield break;
            after = page[^1].Number;
        }
    }

    /// <summary>How many lines wait to be sealed, and since when the oldest does.</summary>
    public async Task<(long Lines, DateTimeOffset? Since)> WaitingAsync(CancellationToken cancellationToken)
    {
        await using var read = Command("select count(*), min(queued_at) from audit_unsealed");
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>Ids of lines that were removed before they were sealed, and of lines that are neither sealed nor wait to be. At most as many as the limit.</summary>
    public async Task<(IReadOnlyList<long> Removed, IReadOnlyList<long> Strays)> StraysAsync(int limit, CancellationToken cancellationToken) =>
    (
        await IdsAsync("select u.audit_id from audit_unsealed u where not exists (select from audit a where a.id = u.audit_id) order by 1 limit $1", limit, cancellationToken),
        await IdsAsync(
            """
            select a.id from audit a
            where not exists (select from audit_seals s where s.audit_id = a.id) and not exists (select from audit_unsealed u where u.audit_id = a.id) order by 1 limit $1
            """,
            limit, cancellationToken)
    );

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static AuditMark? Mark(string json) => AuditMark.Parse(Encoding.UTF8.GetBytes(json));

    private async Task<IReadOnlyList<long>> IdsAsync(string sql, int limit, CancellationToken cancellationToken)
    {
        await using var read = Command(sql, limit);
        var ids = new List<long>();
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            ids.Add(row.GetInt64(0));
        return ids;
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        // The whole log may be read, on a server that is busy.
        var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
