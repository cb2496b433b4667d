using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Paging;

namespace Saga.Registry.Tenants;

/// <summary>A filter for tenants; null matches all.</summary>
public sealed record TenantFilter
{
    /// <summary>Part of the name, slug or domain, ignoring case.</summary>
    public string? Search { get; init; }

    /// <summary>Statuses as shown to callers.</summary>
    public IReadOnlyList<TenantStatus>? Statuses { get; init; }

    public string? Plan { get; init; }
}

/// <summary>Lists tenants, page by page. Thread-safe.</summary>
public sealed class TenantListing(NpgsqlDataSource registry)
{
    /// <summary>The available orders; a minus reverses one.</summary>
    public static IReadOnlyList<string> Sorts { get; } = ["-createdAt", "createdAt", "slug", "-slug"];

    /// <param name="filter">Conditions that must all hold.</param>
    /// <param name="sort">One of <see cref="Sorts"/>.</param>
    /// <param name="after">A cursor of that order; null for the beginning.</param>
    /// <param name="limit">The size of the page.</param>
    public async Task<Page<Tenant>> ListAsync(TenantFilter filter, string sort, Cursor? after, int limit, CancellationToken cancellationToken = default)
    {
        var byAge = sort.EndsWith("createdAt", StringComparison.Ordinal);
        await using var query = new ListQuery(registry, TenantStore.Select);
        if (filter.Statuses is { } statuses)
            query.Where($"case when t.status = 'active' and {TenantStore.Closed} then 'suspended' else t.status end = any({query.Add(statuses.Select(s => s.ToString().ToLowerInvariant()).ToArray())})");
        if (filter.Plan is { } plan)
            query.Where($"t.plan = {query.Add(plan)}");
        if (filter.Search is { } search)
        {
            var pattern = query.Add($"%{search.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%");
            query.Where($"(t.name ilike {pattern} or t.slug ilike {pattern} or t.domain ilike {pattern})");
        }

        query.OrderBy(byAge ? "t.created_at" : "t.slug", "t.id", descending: sort[0] == '-', after, byAge ? ListQuery.TimeOf : text => text);
        return await query.ReadAsync(limit, TenantStore.Read, last => new(sort, byAge ? ListQuery.KeyOf(last.CreatedAt) : last.Slug.ToString(), last.Id.Value), cancellationToken);
    }
}
