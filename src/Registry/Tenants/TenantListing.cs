using System.Globalization;
using System.Text;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Paging;

namespace Saga.Registry.Tenants;

/// <summary>Which tenants; null takes any.</summary>
public sealed record TenantFilter
{
    /// <summary>Part of the name, slug or domain, in any case.</summary>
    public string? Search { get; init; }

    /// <summary>As they are shown.</summary>
    public IReadOnlyList<TenantStatus>? Statuses { get; init; }

    public string? Plan { get; init; }
}

/// <summary>Lists tenants, page by page. Thread-safe.</summary>
public sealed class TenantListing(NpgsqlDataSource registry)
{
    /// <summary>The orders there are; a minus turns one round.</summary>
    public static IReadOnlyList<string> Sorts { get; } = ["-createdAt", "createdAt", "slug", "-slug"];

    /// <param name="filter">All of it must hold.</param>
    /// <param name="sort">One of <see cref="Sorts"/>.</param>
    /// <param name="after">A cursor of that order; null for the beginning.</param>
    /// <param name="limit">The size of the page.</param>
    public async Task<Page<Tenant>> ListAsync(TenantFilter filter, string sort, Cursor? after, int limit, CancellationToken cancellationToken = default)
    {
        var byAge = sort.EndsWith("createdAt", StringComparison.Ordinal);
        var column = byAge ? "t.created_at" : "t.slug";
        var (direction, beyond) = sort[0] == '-' ? ("desc", "<") : ("asc", ">");
        await using var command = registry.CreateCommand();
        var sql = new StringBuilder($"{TenantStore.Select} where true");
        if (filter.Statuses is { } statuses)
            sql.Append(CultureInfo.InvariantCulture, $" and case when t.status = 'active' and {TenantStore.Closed} then 'suspended' else t.status end = any({Add(command, statuses.Select(s => s.ToString().ToLowerInvariant()).ToArray())})");
        if (filter.Plan is { } plan)
            sql.Append(CultureInfo.InvariantCulture, $" and t.plan = {Add(command, plan)}");
        if (filter.Search is { } search)
        {
            var pattern = Add(command, $"%{search.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%");
            sql.Append(CultureInfo.InvariantCulture, $" and (t.name ilike {pattern} or t.slug ilike {pattern} or t.domain ilike {pattern})");
        }

        if (after is not null && Key(after.Key, byAge) is { } key)
            sql.Append(CultureInfo.InvariantCulture, $" and ({column}, t.id) {beyond} ({Add(command, key)}, {Add(command, after.Id)})");
        sql.Append(CultureInfo.InvariantCulture, $" order by {column} {direction}, t.id {direction} limit {Add(command, limit + 1)}");
        command.CommandText = sql.ToString();

        var found = new List<Tenant>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
            found.Add(TenantStore.Read(rows));
        if (found.Count <= limit)
            return new(found, null);
        found.RemoveAt(limit);
        var last = found[^1];
        return new(found, new Cursor(sort, byAge ? last.CreatedAt.UtcTicks.ToString(CultureInfo.InvariantCulture) : last.Slug.ToString(), last.Id.Value));
    }

    private static object? Key(string text, bool byAge)
    {
        if (!byAge)
            return text;
        return long.TryParse(text, CultureInfo.InvariantCulture, out var ticks) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;
    }

    private static string Add(NpgsqlCommand command, object value)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        return "$" + command.Parameters.Count.ToString(CultureInfo.InvariantCulture);
    }
}
