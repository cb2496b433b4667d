using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Backups;

/// <summary>The rows of <c>backup_keys</c> and <c>backup_data_keys</c>. Callers pass wrapped keys.</summary>
public static class BackupKeyRows
{
    private const string Columns = "k.tenant_id as TenantId, k.version as Version, k.master_key_id as MasterKeyId, k.wrapped as Wrapped, k.operation_id as OperationId, k.created_at as CreatedAt";
    private const string Select = $"select {Columns} from backup_keys k";

    private const string SelectDataKeys =
        $"select d.backup_id as BackupId, d.wrapped as DataKey, {Columns} from backup_data_keys d join backup_keys k on k.tenant_id = d.tenant_id and k.version = d.key_version";

    /// <summary>The tenant's newest backup key; null when it has none. Nobody else makes or removes one until the transaction ends.</summary>
    public static async Task<BackupKeyRow?> LockNewestAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        // A statement of its own: one that waits for a lock reads other tables as they were before it waited.
        await transaction.ExecuteAsync("select from tenants where id = @Value for no key update", new { tenant.Value }, cancellationToken);
        return await transaction.Connection.QuerySingleOrDefaultAsync<BackupKeyRow>(new CommandDefinition(
            $"{Select} where k.tenant_id = @Value order by k.version desc limit 1", new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Stores a version. Lock the newest one first.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="version">The number after the newest one's.</param>
    /// <param name="masterKeyId">The master key that wrapped it.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <param name="rotation">The rotation that makes it; null for a tenant's first key.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>The stored version.</returns>
    public static Task<BackupKeyRow> AddAsync(
        LeasedTransaction transaction, TenantId tenant, int version, string masterKeyId, byte[] wrapped, Guid? rotation, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleAsync<BackupKeyRow>(new CommandDefinition(
            $"insert into backup_keys as k (tenant_id, version, master_key_id, wrapped, operation_id) values (@Tenant, @version, @masterKeyId, @wrapped, @rotation) returning {Columns}",
            new { Tenant = tenant.Value, version, masterKeyId, wrapped, rotation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Removes the versions before this one, which may wrap no data key any more.</summary>
    public static Task RemoveFormerAsync(LeasedTransaction transaction, TenantId tenant, int version, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from backup_keys where tenant_id = @Value and version < @version", new { tenant.Value, version }, cancellationToken);

    /// <summary>Stores the key of a backup. One that it has is kept.</summary>
    public static Task AddDataKeyAsync(
        LeasedTransaction transaction, TenantId tenant, Guid backup, int keyVersion, byte[] wrapped, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into backup_data_keys (backup_id, tenant_id, key_version, wrapped) values (@backup, @Tenant, @keyVersion, @wrapped) on conflict (backup_id) do nothing",
            new { Tenant = tenant.Value, backup, keyVersion, wrapped }, cancellationToken);

    /// <summary>The key of a backup, and the one that wraps it, of one moment; null when it was destroyed.</summary>
    public static async Task<DataKeyRow?> FindDataKeyAsync(NpgsqlConnection connection, Guid backup, CancellationToken cancellationToken) =>
        (await ReadDataKeysAsync(connection, $"{SelectDataKeys} where d.backup_id = @backup", new { backup }, null, cancellationToken)).SingleOrDefault();

    /// <summary>The keys of all of the tenant's backups, locked until the transaction ends.</summary>
    public static Task<IReadOnlyList<DataKeyRow>> LockDataKeysAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        ReadDataKeysAsync(transaction.Connection, $"{SelectDataKeys} where d.tenant_id = @Value order by d.backup_id for update of d", new { tenant.Value }, transaction.Transaction, cancellationToken);

    /// <summary>Replaces the wrapped keys of these backups.</summary>
    public static Task RewrapDataKeysAsync(LeasedTransaction transaction, int keyVersion, IReadOnlyCollection<(Guid Backup, byte[] Wrapped)> keys, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "update backup_data_keys d set key_version = @keyVersion, wrapped = k.wrapped from unnest(@Backups, @Keys) k(backup, wrapped) where d.backup_id = k.backup",
            new { keyVersion, Backups = keys.Select(k => k.Backup).ToArray(), Keys = keys.Select(k => k.Wrapped).ToArray() }, cancellationToken);

    /// <summary>Locks and returns the next key after this one that another master key wrapped; null when there is none.</summary>
    public static Task<BackupKeyRow?> NextOfOtherMasterAsync(NpgsqlTransaction transaction, string masterKeyId, BackupKeyRow? after, CancellationToken cancellationToken) =>
        transaction.Connection!.QueryFirstOrDefaultAsync<BackupKeyRow>(new CommandDefinition(
            $"{Select} where k.master_key_id <> @masterKeyId and (k.tenant_id, k.version) > (@Tenant, @Version) order by k.tenant_id, k.version limit 1 for no key update",
            new { masterKeyId, Tenant = after?.TenantId ?? Guid.Empty, Version = after?.Version ?? 0 }, transaction, cancellationToken: cancellationToken));

    public static Task RewrapAsync(NpgsqlTransaction transaction, BackupKeyRow key, string masterKeyId, byte[] wrapped, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "update backup_keys set master_key_id = @masterKeyId, wrapped = @wrapped where tenant_id = @TenantId and version = @Version",
            new { key.TenantId, key.Version, masterKeyId, wrapped }, transaction, cancellationToken: cancellationToken));

    private static async Task<IReadOnlyList<DataKeyRow>> ReadDataKeysAsync(
        NpgsqlConnection connection, string sql, object parameters, NpgsqlTransaction? transaction, CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<(Guid BackupId, byte[] Wrapped), BackupKeyRow, DataKeyRow>(
            new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken), (key, wrapping) => new(key.BackupId, key.Wrapped, wrapping), splitOn: "TenantId"),
    ];
}
