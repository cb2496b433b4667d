using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Paging;

namespace Saga.Registry.Audit;

/// <summary>Which lines of the audit log to list. All conditions must hold.</summary>
public sealed record AuditFilter
{
    public TenantId? Tenant { get; init; }

    public Guid? Operation { get; init; }

    public string? Actor { get; init; }

    /// <summary>One of <see cref="AuditActions"/>.</summary>
    public string? Action { get; init; }

    /// <summary><see cref="AuditListing.Allowed"/> or <see cref="AuditListing.Refused"/>.</summary>
    public string? Outcome { get; init; }

    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <param name="Entry">The line.</param>
/// <param name="Outcome">What became of it, also for lines of before that do not say so themselves.</param>
/// <param name="Number">Its number in the chain; null while it is not sealed.</param>
/// <param name="Hash">Its hash in the chain.</param>
public sealed record ListedAudit(AuditEntry Entry, string Outcome, long? Number, byte[]? Hash);

/// <summary>Lists the audit log. Thread-safe.</summary>
public sealed class AuditListing(NpgsqlDataSource registry)
{
    public const string Allowed = "allowed";
    public const string Refused = "refused";

    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-id";

    private const int ExportPage = 500;

    private const string Outcome = $"coalesce(a.outcome, case when a.action = '{AuditActions.CommandRefuse}' then '{Refused}' else '{Allowed}' end)";

    /// <param name="filter">The conditions.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<Page<ListedAudit>> ListAsync(AuditFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = Query(filter);
        query.OrderById("a.id", descending: true, after is null ? null : ListQuery.NumberOf(after.Key));
        return await query.ReadAsync(limit, Read, Cursor, cancellationToken);
    }

    /// <summary>
    /// All lines, the oldest first, page by page: neither memory nor a connection is held for a reader that is slow. Lines that commit meanwhile may be in
    /// it or not.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<ListedAudit>> ExportAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? after = null; ;)
        {
            Page<ListedAudit> page;
            await using (var query = Query(filter))
            {
                query.OrderById("a.id", descending: false, after);
                page = await query.ReadAsync(ExportPage, Read, Cursor, cancellationToken);
            }

            if (page.Items.Count > 0)
                yield return page.Items;
            if (page.Next is null)
                yield break;
            after = page.Items[^1].Entry.Id;
        }
    }

    private ListQuery Query(AuditFilter filter)
    {
        var query = new ListQuery(registry, $"select {AuditEntry.Columns}, {Outcome}, s.seq, s.hash from audit a left join audit_seals s on s.audit_id = a.id");
        if (filter.Tenant is { } tenant)
            query.Where($"a.tenant_id = {query.Add(tenant.Value)}");
        if (filter.Operation is { } operation)
            query.Where($"a.operation_id = {query.Add(operation)}");
        if (filter.Actor is { } actor)
            query.Where($"a.actor = {query.Add(actor)}");
        if (filter.Action is { } action)
            query.Where($"a.action = {query.Add(action)}");
        if (filter.Outcome is { } outcome)
            query.Where($"{Outcome} = {query.Add(outcome)}");
        if (filter.From is { } from)
            query.Where($"a.at >= {query.Add(from)}");
        if (filter.Until is { } until)
            query.Where($"a.at < {query.Add(until)}");
        return query;
    }

    private static ListedAudit Read(NpgsqlDataReader row)
    {
        var entry = AuditEntry.Read(row);
        return new(
            entry, row.GetString(AuditEntry.ColumnCount), row.IsDBNull(AuditEntry.ColumnCount + 1) ? null : row.GetInt64(AuditEntry.ColumnCount + 1),
            row.IsDBNull(AuditEntry.ColumnCount + 2) ? null : row.GetFieldValue<byte[]>(AuditEntry.ColumnCount + 2));
    }

    private static Cursor Cursor(ListedAudit last) => new(Sort, last.Entry.Id.ToString(CultureInfo.InvariantCulture), Guid.Empty);
}
