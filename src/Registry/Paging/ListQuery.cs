using System.Globalization;
using System.Text;
using Npgsql;

namespace Saga.Registry.Paging;

/// <summary>Builds the query for one page of a list, condition by condition. For a single read.</summary>
/// <param name="registry">The registry.</param>
/// <param name="select">The start of the query, before its conditions.</param>
internal sealed class ListQuery(NpgsqlDataSource registry, string select) : IAsyncDisposable
{
    private readonly NpgsqlCommand command = registry.CreateCommand();
    private readonly StringBuilder sql = new($"{select} where true");
    private string order = "";

    /// <summary>The cursor key of a row in an order by time.</summary>
    public static string KeyOf(DateTimeOffset time) => time.UtcTicks.ToString(CultureInfo.InvariantCulture);

    /// <returns>The time in such a key; null when the key is invalid.</returns>
    public static object? TimeOf(string key) =>
        long.TryParse(key, CultureInfo.InvariantCulture, out var ticks) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <returns>The number in a cursor key of an order by a numeric id; null when the key is invalid.</returns>
    public static long? NumberOf(string key) => long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <returns>The parameter's name for use in a condition.</returns>
    public string Add(object value)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        return "$" + command.Parameters.Count.ToString(CultureInfo.InvariantCulture);
    }

    /// <param name="condition">SQL, with values as parameters from <see cref="Add"/>.</param>
    public void Where(string condition) => sql.Append(" and ").Append(condition);

    /// <summary>Sets the order and the start of the page.</summary>
    /// <param name="column">The column to sort by.</param>
    /// <param name="id">The tie-breaker column.</param>
    /// <param name="descending">Whether to sort in descending order.</param>
    /// <param name="after">The last row of the previous page; null for the first page.</param>
    /// <param name="read">Converts a cursor's key to the column's value; returns null for an invalid key.</param>
    public void OrderBy(string column, string id, bool descending, Cursor? after, Func<string, object?> read)
    {
        if (after is not null)
        {
            var key = read(after.Key) ?? throw new ArgumentException("The cursor's key does not fit the order.", nameof(after));
            Where($"({column}, {id}) {(descending ? '<' : '>')} ({Add(key)}, {Add(after.Id)})");
        }

        var direction = descending ? "desc" : "asc";
        order = $" order by {column} {direction}, {id} {direction}";
    }

    /// <summary>Sets the order by a numeric id, and the start of the page.</summary>
    /// <param name="id">The column.</param>
    /// <param name="descending">Whether to sort in descending order.</param>
    /// <param name="after">The id of the last row before the page; null for the first page.</param>
    public void OrderById(string id, bool descending, long? after)
    {
        if (after is { } last)
            Where($"{id} {(descending ? '<' : '>')} {Add(last)}");
        order = $" order by {id} {(descending ? "desc" : "asc")}";
    }

    public async Task<Page<T>> ReadAsync<T>(int limit, Func<NpgsqlDataReader, T> read, Func<T, Cursor> cursor, CancellationToken cancellationToken)
    {
        // One more row than requested shows whether there is another page.
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
