using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Saga.Registry.Operations;

/// <summary>
/// Reads histories. An operation's lines are written under its lock, so their ids grow in the order in which they become visible.
/// Lines after the last id read are therefore new. Thread-safe.
/// </summary>
public sealed class HistoryStore(NpgsqlDataSource registry)
{
    /// <summary>The lines after an id, oldest first.</summary>
    public async Task<IReadOnlyList<HistoryLine>> ReadAsync(Guid operation, long after, int limit, CancellationToken cancellationToken = default)
    {
        var found = await ReadAsync([(operation, after)], limit, cancellationToken);
        return [.. found.Select(f => f.Line)];
    }

    /// <summary>The lines of many operations in one query, each after its own id.</summary>
    /// <returns>Lines with the index of the request that they belong to, oldest first.</returns>
    public async Task<IReadOnlyList<(int Asked, HistoryLine Line)>> ReadAsync(
        IReadOnlyList<(Guid Operation, long After)> asked, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = registry.CreateCommand(
            """
            select (a.position - 1)::int, h.id, h.at, h.event, h.step, h.attempt, h.data
            from unnest($1, $2) with ordinality as a(operation, after, position)
            join operation_history h on h.operation_id = a.operation and h.id > a.after
            order by h.id limit $3
            """);
        command.Parameters.Add(new() { Value = asked.Select(a => a.Operation).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = asked.Select(a => a.After).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = limit });
        var lines = new List<(int, HistoryLine)>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            lines.Add((rows.GetInt32(0), new()
            {
                Id = rows.GetInt64(1),
                At = rows.GetFieldValue<DateTimeOffset>(2),
                Event = rows.GetString(3),
                Step = rows.IsDBNull(4) ? null : rows.GetString(4),
                Attempt = rows.IsDBNull(5) ? null : rows.GetInt32(5),
                Data = rows.IsDBNull(6) ? null : JsonDocument.Parse(rows.GetString(6)).RootElement,
            }));
        }

        return lines;
    }
}
