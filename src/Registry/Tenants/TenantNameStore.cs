using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Registry.Intake;

namespace Saga.Registry.Tenants;

/// <summary>Finds names that live tenants have taken. Thread-safe.</summary>
public sealed class TenantNameStore(NpgsqlDataSource registry)
{
    private const string Sql =
        """
        select t.slug = $1, exists (select from tenant_domains d where d.tenant_id = t.id and d.domain = $2 and d.state = 'proved'), t.subdomain = $3, o.id, o.kind, null::timestamptz
        from tenants t
        left join operation_scopes s on s.scope = 'tenant:' || t.id left join operations o on o.id = s.operation_id
        where t.status not in ('failed', 'deprovisioned')
            and (t.slug = $1 or t.subdomain = $3 or t.id = (select d.tenant_id from tenant_domains d where d.domain = $2 and d.state = 'proved'))
        union all
        select r.kind = 'slug', r.kind = 'domain', r.kind = 'subdomain', null, null, r.until
        from reserved_names r where r.until > now() and (r.kind, r.name) in (('slug', $1), ('domain', $2), ('subdomain', $3))
        """;

    /// <summary>Which of the names that a tenant wants belong to others, or stay reserved for one that is gone.</summary>
    /// <param name="tenant">The tenant, which may have them itself.</param>
    /// <param name="slug">Null when it wants none.</param>
    /// <param name="domain">Null when it wants none.</param>
    /// <param name="subdomain">Null when it wants none.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<(bool Slug, bool Domain, bool Subdomain)> FindTakenAsync(TenantId tenant, Slug? slug, string? domain, string? subdomain, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            """
            -- Not materialized: otherwise every tenant would be read.
            with reserved as not materialized (select r.kind, r.name from reserved_names r where r.until > now() and r.tenant_id <> $1),
            others as not materialized (select t.slug, t.subdomain from tenants t where t.id <> $1 and t.status not in ('failed', 'deprovisioned'))
            select exists (select from others where slug = $2) or exists (select from reserved where kind = 'slug' and name = $2),
                exists (select from tenant_domains d where d.domain = $3 and d.state = 'proved' and d.tenant_id <> $1) or exists (select from reserved where kind = 'domain' and name = $3),
                exists (select from others where subdomain = $4) or exists (select from reserved where kind = 'subdomain' and name = $4)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        foreach (var name in (string?[])[slug?.ToString(), domain, subdomain])
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)name ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2));
    }

    /// <summary>
    /// Whether the organisation of a tenant with this name and slug could get neither of its two names, because a live tenant has the
    /// second one as its own name, or would need this name as its second one.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="slug">The slug.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <param name="except">The tenant, if it exists.</param>
    public async Task<bool> IsHeldAsync(string name, Slug slug, CancellationToken cancellationToken, TenantId? except = null)
    {
        await using var command = registry.CreateCommand(
            """
            select exists (
                select from tenants t where t.status not in ('failed', 'deprovisioned') and t.id is distinct from $3
                and (lower(t.name) = lower($1 || ' (' || $2 || ')') or lower(t.name || ' (' || t.slug || ')') = lower($1)))
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = slug.ToString() });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)except?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<TakenTenantNames> FindTakenAsync(Slug slug, string? domain, string subdomain, CancellationToken cancellationToken)
    {
        bool slugTaken = false, domainTaken = false, subdomainTaken = false;
        (Guid Id, string Kind)? running = null;
        var reserved = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await using var command = registry.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = slug.ToString() });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)domain ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subdomain });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            domainTaken |= rows.GetBoolean(1);
            subdomainTaken |= rows.GetBoolean(2);
            if (!rows.IsDBNull(5))
                reserved[rows.GetBoolean(0) ? "slug" : rows.GetBoolean(1) ? "domain" : "subdomain"] = rows.GetFieldValue<DateTimeOffset>(5);
            if (!rows.GetBoolean(0))
                continue;
            slugTaken = true;
            if (!rows.IsDBNull(3))
                running = (rows.GetGuid(3), rows.GetString(4));
        }

        return new(slugTaken, domainTaken, subdomainTaken, running) { Reserved = reserved };
    }

    /// <summary>
    /// Fails with 23505 while one of the names is that of a tenant that was deprovisioned. For the transaction that gives a tenant these names,
    /// after the statement that writes them.
    /// </summary>
    /// <param name="slug">The slug, if it is new.</param>
    /// <param name="subdomain">The subdomain, if it is new.</param>
    /// <param name="domain">The domain, if it is new.</param>
    /// <param name="owner">The tenant, for which its own reservations do not count: it may have been restored.</param>
    public static NpgsqlBatchCommand RequireFreeCommand(Slug? slug, string? subdomain, string? domain, TenantId? owner = null) =>
        CommandLedger.Statement("select require_free_names($1, $2, $3, $4)", slug?.ToString(), subdomain, domain, new NpgsqlParameter { Value = (object?)owner?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
}

/// <param name="Slug">Whether a live tenant has the slug.</param>
/// <param name="Domain">Whether the domain is proved for a live tenant. A claim that is not proved blocks nobody.</param>
/// <param name="Subdomain">Whether a live tenant has the subdomain.</param>
/// <param name="Running">The unfinished operation of the tenant with the slug.</param>
public sealed record TakenTenantNames(bool Slug, bool Domain, bool Subdomain, (Guid Id, string Kind)? Running)
{
    /// <summary>Those that nobody has, but that stay reserved after a tenant that was deprovisioned: until when, by <c>slug</c>, <c>domain</c> and <c>subdomain</c>.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Reserved { get; init; } = new Dictionary<string, DateTimeOffset>();
}
