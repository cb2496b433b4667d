using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

/// <summary>The rows of <c>backup_keys</c> and <c>backup_data_keys</c>. Callers pass wrapped keys.</summary>
public static class BackupKeyRows
{
    private const string Select = "select tenant_id as TenantId, version as Version, master_key_id as MasterKeyId, wrapped as Wrapped from backup_keys";

    /// <summary>The tenant's newest backup key; null when it has none.</summary>
    public static Task<BackupKeyRow?> FindNewestAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<BackupKeyRow>(new CommandDefinition(
            $"{Select} where tenant_id = @Value order by version desc limit 1", new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));

    public static Task<BackupKeyRow?> FindAsync(NpgsqlConnection connection, TenantId tenant, int version, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<BackupKeyRow>(new CommandDefinition(
            $"{Select} where tenant_id = @Value and version = @version", new { tenant.Value, version }, cancellationToken: cancellationToken));

    /// <summary>Stores a version. If several callers do so at once, one wins, so read the key afterwards.</summary>
    public static Task AddAsync(
        LeasedTransaction transaction, TenantId tenant, int version, string masterKeyId, byte[] wrapped, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into backup_keys (tenant_id, version, master_key_id, wrapped) values (@Tenant, @version, @masterKeyId, @wrapped) on conflict do nothing",
            new { Tenant = tenant.Value, version, masterKeyId, wrapped }, cancellationToken);

    /// <summary>Stores the key of a backup. One that it has is kept.</summary>
    public static Task AddDataKeyAsync(
        LeasedTransaction transaction, TenantId tenant, Guid backup, int keyVersion, byte[] wrapped, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into backup_data_keys (backup_id, tenant_id, key_version, wrapped) values (@backup, @Tenant, @keyVersion, @wrapped) on conflict (backup_id) do nothing",
            new { Tenant = tenant.Value, backup, keyVersion, wrapped }, cancellationToken);

    /// <summary>The key of a backup; null when it was destroyed.</summary>
    public static Task<DataKeyRow?> FindDataKeyAsync(NpgsqlConnection connection, Guid backup, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<DataKeyRow>(new CommandDefinition(
            "select backup_id as BackupId, key_version as KeyVersion, wrapped as Wrapped from backup_data_keys where backup_id = @backup",
            new { backup }, cancellationToken: cancellationToken));

    /// <summary>Locks and returns the next key after this one that another master key wrapped; null when there is none.</summary>
    public static Task<BackupKeyRow?> NextOfOtherMasterAsync(NpgsqlTransaction transaction, string masterKeyId, BackupKeyRow? after, CancellationToken cancellationToken) =>
        transaction.Connection!.QueryFirstOrDefaultAsync<BackupKeyRow>(new CommandDefinition(
            $"{Select} where master_key_id <> @masterKeyId and (tenant_id, version) > (@Tenant, @Version) order by tenant_id, version limit 1 for no key update",
            new { masterKeyId, Tenant = after?.TenantId ?? Guid.Empty, Version = after?.Version ?? 0 }, transaction, cancellationToken: cancellationToken));

    public static Task RewrapAsync(NpgsqlTransaction transaction, BackupKeyRow key, string masterKeyId, byte[] wrapped, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "update backup_keys set master_key_id = @masterKeyId, wrapped = @wrapped where tenant_id = @TenantId and version = @Version",
            new { key.TenantId, key.Version, masterKeyId, wrapped }, transaction, cancellationToken: cancellationToken));
}
