using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;

namespace Saga.Registry.Domains;

/// <summary>Reads and writes the state of tenants' domains. Thread-safe.</summary>
public sealed class TenantDomainStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>
    /// Records a new tenant's domain as not proved, in the transaction that accepts the tenant. Fails with 23505 if it is proved for another
    /// tenant.
    /// </summary>
    public static NpgsqlBatchCommand ClaimCommand(TenantId tenant, string domain, string token) =>
        CommandLedger.Statement("select claim_domain($1, $2, $3, now())", tenant.Value, domain, token);

    /// <summary>The tenant's domains, the main one first, then the oldest first, without claims that have expired.</summary>
    public async Task<IReadOnlyList<TenantDomain>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var domains = new List<TenantDomain>();
        await using var command = registry.CreateCommand(
            """
            select d.domain, d.token, d.state, d.checked_at, d.failure, d.proved_at, d.expires_at, d.linked_at, d.domain is not distinct from t.domain
            from tenant_domains d join tenants t on t.id = d.tenant_id
            where d.tenant_id = $1 and (d.state = 'proved' or d.expires_at > clock_timestamp() + $2) order by 9 desc, d.created_at, d.domain
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            domains.Add(new()
            {
                Tenant = tenant,
                Domain = row.GetString(0),
                Token = row.GetString(1),
                State = Enum.Parse<DomainState>(row.GetString(2), ignoreCase: true),
                CheckedAt = Time(row, 3),
                Failure = row.IsDBNull(4) ? null : row.GetString(4),
                ProvedAt = Time(row, 5),
                ExpiresAt = row.GetFieldValue<DateTimeOffset>(6),
                LinkedAt = Time(row, 7),
                IsMain = row.GetBoolean(8),
            });
        }

        return domains;
    }

    /// <summary>One of the tenant's domains; null when it has no such one.</summary>
    public async Task<TenantDomain?> FindAsync(TenantId tenant, string domain, CancellationToken cancellationToken) =>
        (await ListAsync(tenant, cancellationToken)).FirstOrDefault(d => d.Domain == domain);

    // The domain $2 belonged to another tenant than $1, which was deprovisioned.
    private const string Reserved = "exists (select from reserved_names r where r.kind = 'domain' and r.name = $2 and r.until > now() and r.tenant_id <> $1)";

    /// <summary>Claims a domain for a tenant, which is audited. A claim that is there already gets a new time and keeps its token.</summary>
    /// <returns>Whether the tenant did not have the domain before; null when it is proved for another tenant, or reserved after one that was deprovisioned.</returns>
    public async Task<bool?> ClaimAsync(TenantId tenant, string domain, string token, string actor, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            $"""
            with claimed as materialized (select claim_domain($1, $2, $3, now() + $4) as is_new where not {Reserved}),
            audited as (
                insert into audit (actor, action, tenant_id, origin, detail)
                select $5, '{AuditActions.DomainClaim}', $1, $6, jsonb_build_object('domain', $2::text) from claimed where is_new)
            select is_new from claimed
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = domain });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = token });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = actor });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = AuditOrigin.Current });
        try
        {
            return (bool?)await command.ExecuteScalarAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return null;
        }
    }

    /// <summary>Removes a domain, proved or not, in the transaction that accepts its removal. It is audited, and runtimes are notified within the commit.</summary>
    public static NpgsqlBatchCommand RemoveCommand(TenantId tenant, string domain, string actor) => CommandLedger.Statement(
        $"""
        with removed as (delete from tenant_domains where tenant_id = $1 and domain = $2 returning tenant_id),
        touched as (
            update tenants t set domain = null, version = t.version + 1, updated_at = now() from removed r where t.id = r.tenant_id and t.domain = $2),
        audited as (
            insert into audit (actor, action, tenant_id, origin, detail)
            select $3, '{AuditActions.DomainRemove}', tenant_id, $4, jsonb_build_object('domain', $2::text) from removed)
        select pg_notify('{RegistryChannels.Tenants}', tenant_id::text) from removed
        """,
        tenant.Value, domain, actor, AuditOrigin.Current);

    /// <summary>Ends claims that were not proved in time. Each is audited. Any number may call it.</summary>
    /// <returns>How many ended.</returns>
    public async Task<int> ExpireAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            $"""
            with old as (
                select tenant_id, domain from tenant_domains where state = 'pending' and expires_at <= clock_timestamp() + $2
                order by expires_at limit $1 for update skip locked),
            expired as (delete from tenant_domains d using old where d.tenant_id = old.tenant_id and d.domain = old.domain returning d.tenant_id, d.domain),
            touched as (
                update tenants t set domain = null, version = t.version + 1, updated_at = now() from expired e where t.id = e.tenant_id and t.domain = e.domain),
            audited as (
                insert into audit (actor, action, tenant_id, origin, detail)
                select 'system', '{AuditActions.DomainExpire}', tenant_id, '{AuditOrigin.System}', jsonb_build_object('domain', domain) from expired)
            select count(*)::int from expired
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Domains of active tenants that were proved more than a minute ago and that their organisation does not have, the latest first. Tenants that will be removed get none.</summary>
    public async Task<IReadOnlyList<TenantDomain>> ListUnlinkedAsync(int limit, CancellationToken cancellationToken)
    {
        var tenants = new List<TenantId>();
        await using (var command = registry.CreateCommand(
            $"""
            select d.tenant_id from tenant_domains d join tenants t on t.id = d.tenant_id
            where d.state = 'proved' and d.linked_at is null and d.proved_at < clock_timestamp() + $2 - interval '1 minute'
                and t.status = 'active' and t.organization_id is not null
                and not exists (select from holds h where h.tenant_id = t.id and h.code = '{HoldNames.Of(HoldCode.Deletion)}')
            group by d.tenant_id order by max(d.proved_at) desc limit $1
            """))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                tenants.Add(new(row.GetGuid(0)));
        }

        var unlinked = new List<TenantDomain>();
        foreach (var tenant in tenants)
            unlinked.AddRange((await ListAsync(tenant, cancellationToken)).Where(d => d is { State: DomainState.Proved, LinkedAt: null }));
        return unlinked;
    }

    /// <summary>
    /// Records that the record was found. The first time, this is audited, and runtimes are notified within the commit. Nothing changes
    /// when the tenant has another token or no claim by now, because the check was about the former one.
    /// </summary>
    public async Task<ProveOutcome> ProveAsync(TenantDomain checkedDomain, string actor, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            $"""
            with former as (select tenant_id, state from tenant_domains where tenant_id = $1 and domain = $2 and token = $3 and not {Reserved} for update),
            changed as (
                update tenant_domains d set state = 'proved', proved_at = coalesce(d.proved_at, now() + $5), checked_at = now() + $5, failure = null
                from former f where d.tenant_id = f.tenant_id and d.domain = $2 returning d.tenant_id, f.state as former),
            audited as (
                insert into audit (actor, action, tenant_id, origin, detail)
                select $4, '{AuditActions.DomainProve}', tenant_id, $6, jsonb_build_object('domain', $2::text) from changed where former <> 'proved' returning tenant_id)
            select case when exists (select from changed) then 'proved' when {Reserved} then 'reserved' else '' end,
                (select count(pg_notify('{RegistryChannels.Tenants}', tenant_id::text)) from audited)
            """);
        Fill(command, checkedDomain, actor);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = AuditOrigin.Current });
        try
        {
            return await command.ExecuteScalarAsync(cancellationToken) switch
            {
                "proved" => ProveOutcome.Proved,
                "reserved" => ProveOutcome.Taken,
                _ => ProveOutcome.Changed,
            };
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return ProveOutcome.Taken;
        }
    }

    /// <summary>Records what a check found instead of the record. A domain that was proved stays so.</summary>
    public async Task RecordFailureAsync(TenantDomain checkedDomain, string failure, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("update tenant_domains set checked_at = now() + $5, failure = $4 where tenant_id = $1 and domain = $2 and token = $3");
        Fill(command, checkedDomain, failure);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private void Fill(NpgsqlCommand command, TenantDomain domain, string text)
    {
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = domain.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = domain.Domain });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = domain.Token });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
    }
}

/// <summary>What became of a domain whose record was found.</summary>
public enum ProveOutcome
{
    Proved,

    /// <summary>The tenant's claim was withdrawn or renewed during the check.</summary>
    Changed,

    /// <summary>Another tenant has proved the domain before, or it is reserved after one that was deprovisioned.</summary>
    Taken,
}
