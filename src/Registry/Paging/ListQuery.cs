using System.Globalization;
using System.Text;
using Npgsql;

namespace Saga.Registry.Paging;

/// <summary>One page of a list, put together condition by condition. For one read.</summary>
/// <param name="registry">The registry.</param>
/// <param name="select">The query up to its conditions.</param>
internal sealed class ListQuery(NpgsqlDataSource registry, string select) : IAsyncDisposable
{
    private readonly NpgsqlCommand command = registry.CreateCommand();
    private readonly StringBuilder sql = new($"{select} where true");
    private string order = "";

    /// <summary>The key of a row in an order by time.</summary>
    public static string KeyOf(DateTimeOffset time) => time.UtcTicks.ToString(CultureInfo.InvariantCulture);

    /// <returns>The time of such a key; null when it is none.</returns>
    public static object? TimeOf(string key) =>
        long.TryParse(key, CultureInfo.InvariantCulture, out var ticks) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <returns>What the value is called in a condition.</returns>
    public string Add(object value)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        return "$" + command.Parameters.Count.ToString(CultureInfo.InvariantCulture);
    }

    /// <param name="condition">SQL; values in it are those of <see cref="Add"/>.</param>
    public void Where(string condition) => sql.Append(" and ").Append(condition);

    /// <summary>The order, and where the page begins.</summary>
    /// <param name="column">What is sorted by.</param>
    /// <param name="id">The column that decides among equals.</param>
    /// <param name="descending">Which way round.</param>
    /// <param name="after">The last row of the page before; null for the beginning.</param>
    /// <param name="read">The value of the column from a cursor's key; null when it is no such key.</param>
    public void OrderBy(string column, string id, bool descending, Cursor? after, Func<string, object?> read)
    {
        if (after is not null && read(after.Key) is { } key)
            Where($"({column}, {id}) {(descending ? '<' : '>')} ({Add(key)}, {Add(after.Id)})");
        var direction = descending ? "desc" : "asc";
        order = $" order by {column} {direction}, {id} {direction}";
    }

    public async Task<Page<T>> ReadAsync<T>(int limit, Func<NpgsqlDataReader, T> read, Func<T, Cursor> cursor, CancellationToken cancellationToken)
    {
        // One more than is asked for tells whether there is another page.
        command.CommandText = $"{sql}{order} limit {Add(limit + 1)}";
        var found = new List<T>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
            found.Add(read(rows));
        if (found.Count <= limit)
            return new(found, null);
        found.RemoveAt(limit);
        return new(found, cursor(found[^1]));
    }

    public ValueTask DisposeAsync() => command.DisposeAsync();
}
