using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Registry.Deprovisionings;

/// <summary>
/// Makes a tenant of which nothing is left outside a tombstone: its key is destroyed, what the registry knows of it goes except for its
/// names and its history, its names are reserved, and the certificate is written. All in one transaction.
/// </summary>
public static class TombstoneRows
{
    /// <summary>What makes a tenant's row a tombstone.</summary>
    internal const string Erased =
        """
        status = 'deprovisioned', admin_email = '', phone = null, description = null, maintenance_window = null, features = '{}', settings = '{}', organization_id = null, admin_user_id = null,
                version = version + 1, updated_at = now()
        """;

    // Parameters are @Tenant and @removal. Each of these tables has what the tenant had, and nothing that is needed afterwards.
    private const string DeleteAll =
        """
        with key as (delete from tenant_keys where tenant_id = @Tenant returning master_key_id),
        credentials as (delete from tenant_credentials where tenant_id = @Tenant returning 1),
        settings as (delete from tenant_settings where tenant_id = @Tenant returning 1),
        migrations as (delete from tenant_migrations where tenant_id = @Tenant returning 1),
        domains as (delete from tenant_domains where tenant_id = @Tenant returning domain, state),
        claims as (delete from administrator_claims where tenant_id = @Tenant returning 1),
        modes as (delete from place_modes where tenant_id = @Tenant),
        reactivated as (delete from reactivations where tenant_id = @Tenant),
        changed as (delete from plan_changes where tenant_id = @Tenant),
        updated as (delete from tenant_changes where tenant_id = @Tenant),
        restored as (delete from restored_databases where tenant_id = @Tenant),
        found as (delete from removal_findings where operation_id = @removal),
        scheduled as (delete from backup_schedules where tenant_id = @Tenant),
        runs as (delete from backup_runs where tenant_id = @Tenant),
        held as (delete from holds where tenant_id = @Tenant),
        begun as (
            delete from deprovisionings where tenant_id = @Tenant and removal_id = @removal and final_at is not null
            returning operation_id, requested_by, requested_at, grace_days, reserved_days, final_at)
        select b.operation_id as RequestOperationId, b.requested_by as RequestedBy, b.requested_at as RequestedAt, b.grace_days as GraceDays, b.final_at as BegunAt,
            now() as DeletedAt, now() + make_interval(days => b.reserved_days) as ReservedUntil, (select master_key_id from key) as MasterKeyId,
            (select count(*) from key) as Keys, (select count(*) from credentials) as Credentials, (select count(*) from settings) as Settings,
            (select count(*) from migrations) as Migrations, (select count(*) from domains) as Domains, (select count(*) from claims) as Claims,
            array(select domain from domains where state = 'proved' order by domain) as ProvedDomains,
            f.id as BackupId, f.ended_at as BackupAt, f.bytes as BackupBytes, encode(f.manifest_sha256, 'hex') as BackupSha256,
            (select count(*) from backups k where k.tenant_id = @Tenant and k.state = 'completed') as KeptBackups,
            (select count(*) from backup_keys k where k.tenant_id = @Tenant) as BackupKeys
        from begun b left join backups f on f.operation_id = @removal and f.state = 'completed'
        """;

    /// <summary>Deletes what the registry knows of the tenant, and its key. The tenant's row is locked until the end of the transaction.</summary>
    /// <returns>What was deleted; null when the removal is not final, or has ended already. Nothing was deleted then.</returns>
    public static async Task<DeletedRows?> DeleteAsync(LeasedTransaction transaction, TenantId tenant, Guid removal, CancellationToken cancellationToken)
    {
        await TenantStore.LockAsync(transaction.Connection, transaction.Transaction, tenant, cancellationToken);
        if (!await DeprovisioningRows.IsFinalAsync(transaction, tenant, removal, cancellationToken))
            return null;
        return await transaction.Connection.QuerySingleAsync<DeletedRows>(new CommandDefinition(
            DeleteAll, new { Tenant = tenant.Value, removal }, transaction.Transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Reserves the tenant's names, marks it as deprovisioned without the personal data of its administrator, and keeps the certificate.</summary>
    public static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, Guid removal, DeletedRows rows, string document, string sha256, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"""
            delete from reserved_names where until < now();
            insert into reserved_names as r (kind, name, tenant_id, until)
            select k.kind, k.name, t.id, @ReservedUntil from tenants t
            cross join lateral (values ('slug', t.slug), ('subdomain', t.subdomain) union all select 'domain', d from unnest(@ProvedDomains) d) k(kind, name)
            where t.id = @Tenant
            on conflict (kind, name) do update set tenant_id = excluded.tenant_id, until = greatest(r.until, excluded.until);
            update tenants set
                {Erased}
            where id = @Tenant;
            insert into deletion_certificates (operation_id, tenant_id, document, sha256) values (@removal, @Tenant, @document, @sha256);
            insert into audit (actor, origin, action, tenant_id, operation_id, detail)
            select requested_by, @Origin, '{AuditActions.TenantCertify}', @Tenant, id, jsonb_build_object('certificateSha256', @sha256) from operations where id = @removal;
            """,
            new { Tenant = tenant.Value, removal, ReservedUntil = new DateTimeOffset(rows.ReservedUntil), rows.ProvedDomains, document, sha256, Origin = AuditOrigin.Current }, cancellationToken);

    /// <summary>Marks every placement of the tenant as gone, and frees its room. Commit these commands with the transaction.</summary>
    public static IReadOnlyList<NpgsqlBatchCommand> ReleaseCommands(TenantId tenant) => PlacementSql.ReleaseAll(tenant);
}

/// <summary>What the registry knew of a tenant, and its deprovisioning.</summary>
public sealed record DeletedRows
{
    public required Guid RequestOperationId { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTime RequestedAt { get; init; }

    public required int GraceDays { get; init; }

    public required DateTime BegunAt { get; init; }

    public required DateTime DeletedAt { get; init; }

    public required DateTime ReservedUntil { get; init; }

    /// <summary>The master key that wrapped the tenant's key; null when there was none.</summary>
    public string? MasterKeyId { get; init; }

    public required long Keys { get; init; }

    public required long Credentials { get; init; }

    public required long Settings { get; init; }

    public required long Migrations { get; init; }

    public required long Domains { get; init; }

    public required long Claims { get; init; }

    /// <summary>The domains whose control was proved. A claim that was not proved reserves nothing.</summary>
    public required string[] ProvedDomains { get; init; }

    /// <summary>The final backup; null when none was asked for.</summary>
    public Guid? BackupId { get; init; }

    public DateTime? BackupAt { get; init; }

    public long? BackupBytes { get; init; }

    public string? BackupSha256 { get; init; }

    /// <summary>Backups that remain, the final one too.</summary>
    public required long KeptBackups { get; init; }

    /// <summary>Versions of the tenant's backup key that remain.</summary>
    public required long BackupKeys { get; init; }
}
