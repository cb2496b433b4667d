using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Engine.Drift;
using Saga.Registry.Paging;

namespace Saga.Registry.Drift;

/// <summary>Reads quarantines. Thread-safe.</summary>
public sealed class QuarantineStore(NpgsqlDataSource registry)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-begunAt";

    private const string Select =
        """
        select id, finding_id, operation_id, resource, server, name, renamed, owner, tenant_id, reason, was, state, begun_at, quarantined_at, until, removal, ended_at, words
        from drift_quarantine
        """;

    public async Task<QuarantinedThing?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand($"{Select} where id = $1");
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return (await ReadAsync(ask, cancellationToken)).SingleOrDefault();
    }

    /// <summary>What one repair has quarantined, or is about to, of these resources.</summary>
    public async Task<IReadOnlyList<QuarantinedThing>> OfAsync(Guid operation, IReadOnlyCollection<string> resources, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand($"{Select} where operation_id = $1 and resource = any($2) order by begun_at, id");
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        ask.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. resources] });
        return await ReadAsync(ask, cancellationToken);
    }

    /// <param name="states">The states; null for all.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<Page<QuarantinedThing>> ListAsync(IReadOnlyList<QuarantineState>? states, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        if (states is not null)
            query.Where($"state = any({query.Add(states.Select(Name).ToArray())})");
        query.OrderBy("begun_at", "id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.BegunAt), last.Id), cancellationToken);
    }

    internal static string Name(QuarantineState state) => state.ToString().ToLowerInvariant();

    private static async Task<IReadOnlyList<QuarantinedThing>> ReadAsync(NpgsqlCommand ask, CancellationToken cancellationToken)
    {
        var found = new List<QuarantinedThing>();
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add(Read(row));
        return found;
    }

    private static QuarantinedThing Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Finding = row.GetGuid(1),
        Operation = row.GetGuid(2),
        Key = new(row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4), row.GetString(5)),
        Renamed = row.GetString(6),
        Owner = row.IsDBNull(7) ? null : row.GetGuid(7),
        Tenant = row.IsDBNull(8) ? null : row.GetGuid(8),
        Reason = row.GetString(9),
        Was = JsonSerializer.Deserialize<IReadOnlyDictionary<string, string>>(row.GetString(10), Json.Options)!,
        State = Enum.Parse<QuarantineState>(row.GetString(11), ignoreCase: true),
        BegunAt = row.GetFieldValue<DateTimeOffset>(12),
        QuarantinedAt = Time(row, 13),
        Until = Time(row, 14),
        Removal = row.IsDBNull(15) ? null : row.GetGuid(15),
        EndedAt = Time(row, 16),
        Words = row.IsDBNull(17) ? null : row.GetString(17),
    };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
