using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;

namespace Saga.Registry.Domains;

/// <summary>Reads and writes the state of tenants' domains. Thread-safe.</summary>
public sealed class TenantDomainStore(NpgsqlDataSource registry)
{
    /// <summary>Records a new tenant's domain as not proved, in the transaction that accepts the tenant.</summary>
    public static NpgsqlBatchCommand ClaimCommand(TenantId tenant, string domain, string token, DateTimeOffset at) => CommandLedger.Statement(
        "insert into tenant_domains (tenant_id, domain, token, state, created_at) values ($1, $2, $3, 'pending', $4)", tenant.Value, domain, token, at);

    /// <summary>The tenant's domain; null when it has none.</summary>
    public async Task<TenantDomain?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("select domain, token, state, checked_at, failure, proved_at from tenant_domains where tenant_id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return !await row.ReadAsync(cancellationToken) ? null : new()
        {
            Tenant = tenant,
            Domain = row.GetString(0),
            Token = row.GetString(1),
            State = Enum.Parse<DomainState>(row.GetString(2), ignoreCase: true),
            CheckedAt = row.IsDBNull(3) ? null : row.GetFieldValue<DateTimeOffset>(3),
            Failure = row.IsDBNull(4) ? null : row.GetString(4),
            ProvedAt = row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5),
        };
    }

    /// <summary>
    /// Records that the record was found. The first time, this is audited, and runtimes are notified within the commit. Nothing changes
    /// when the tenant has another domain or token by now, because the check was about the former one.
    /// </summary>
    /// <returns>Whether the domain is proved now.</returns>
    public async Task<bool> ProveAsync(TenantDomain checkedDomain, string actor, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            $"""
            with former as (select tenant_id, state from tenant_domains where tenant_id = $1 and domain = $2 and token = $3 for update),
            changed as (
                update tenant_domains d set state = 'proved', proved_at = coalesce(d.proved_at, $5), checked_at = $5, failure = null
                from former f where d.tenant_id = f.tenant_id returning d.tenant_id, f.state as former),
            audited as (
                insert into audit (actor, action, tenant_id, detail)
                select $4, '{AuditActions.DomainProve}', tenant_id, jsonb_build_object('domain', $2::text) from changed where former <> 'proved' returning tenant_id)
            select (select count(*) from changed), (select count(pg_notify('{RegistryChannels.Tenants}', tenant_id::text)) from audited)
            """);
        Fill(command, checkedDomain, actor, at);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))! == 1;
    }

    /// <summary>Records what a check found instead of the record. A domain that was proved stays so.</summary>
    public async Task RecordFailureAsync(TenantDomain checkedDomain, string failure, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("update tenant_domains set checked_at = $5, failure = $4 where tenant_id = $1 and domain = $2 and token = $3");
        Fill(command, checkedDomain, failure, at);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Fill(NpgsqlCommand command, TenantDomain domain, string text, DateTimeOffset at)
    {
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = domain.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = domain.Domain });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = domain.Token });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = at });
    }
}
