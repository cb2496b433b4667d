using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Secrets;

/// <summary>The rows of <c>tenant_keys</c> and <c>tenant_runtime_keys</c>. Callers pass wrapped keys.</summary>
public static class TenantKeyRows
{
    private const string Select =
        """
        select k.tenant_id as TenantId, k.master_key_id as MasterKeyId, k.wrapped as Wrapped,
               array(select r.runtime_key_id from tenant_runtime_keys r where r.tenant_id = k.tenant_id) as RuntimeKeyIds
        from tenant_keys k
        """;

    /// <param name="keep">Whether to protect the key from being destroyed until the transaction ends.</param>
    public static Task<TenantKeyRow?> FindAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, bool keep, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<TenantKeyRow>(new CommandDefinition(
            $"{Select} where k.tenant_id = @Value {(keep ? "for key share of k" : "")}", new { tenant.Value }, transaction, cancellationToken: cancellationToken));

    /// <summary>Stores a tenant's first key. If several callers do so at once, one wins, so read the key afterwards.</summary>
    public static Task AddAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, string masterKeyId, byte[] wrapped,
        IReadOnlyCollection<RuntimeKeyRow> forRuntimes, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            with made as (
                insert into tenant_keys (tenant_id, master_key_id, wrapped) values (@Tenant, @masterKeyId, @wrapped)
                on conflict do nothing returning tenant_id)
            insert into tenant_runtime_keys (tenant_id, runtime_key_id, wrapped)
            select made.tenant_id, r.id, r.wrapped from made, unnest(@Ids, @Keys) r(id, wrapped)
            """,
            new { Tenant = tenant.Value, masterKeyId, wrapped, Ids = forRuntimes.Select(r => r.RuntimeKeyId).ToArray(), Keys = forRuntimes.Select(r => r.Wrapped).ToArray() },
            transaction, cancellationToken: cancellationToken));

    /// <summary>Adds missing rows. The transaction protects the keys from being destroyed meanwhile.</summary>
    /// <returns>The number of added rows.</returns>
    public static Task<int> AddForRuntimesAsync(NpgsqlTransaction transaction, IReadOnlyCollection<RuntimeKeyRow> rows, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            """
            insert into tenant_runtime_keys (tenant_id, runtime_key_id, wrapped)
            select * from unnest(@Tenants, @Ids, @Keys) on conflict do nothing
            """,
            new { Tenants = rows.Select(r => r.Tenant.Value).ToArray(), Ids = rows.Select(r => r.RuntimeKeyId).ToArray(), Keys = rows.Select(r => r.Wrapped).ToArray() },
            transaction, cancellationToken: cancellationToken));

    /// <summary>
    /// The next keys, ordered by tenant, that are not wrapped under all of the runtime keys. They are protected from being destroyed until
    /// the transaction ends.
    /// </summary>
    public static async Task<IReadOnlyList<TenantKeyRow>> WithoutRuntimeKeyAsync(
        NpgsqlTransaction transaction, IReadOnlyCollection<string> runtimeKeyIds, Guid after, int count, CancellationToken cancellationToken) =>
        [
            .. await transaction.Connection!.QueryAsync<TenantKeyRow>(new CommandDefinition(
                $"""
                {Select}
                where k.tenant_id > @after and exists (
                    select 1 from unnest(@Ids) wanted
                    where not exists (select 1 from tenant_runtime_keys r where r.tenant_id = k.tenant_id and r.runtime_key_id = wanted))
                order by k.tenant_id limit @count for key share of k
                """,
                new { after, Ids = runtimeKeyIds.ToArray(), count }, transaction, cancellationToken: cancellationToken)),
        ];

    /// <summary>The number of keys that are wrapped under the runtime key's id but start with other bytes than this runtime key's envelopes.</summary>
    public static Task<long> CountOtherwiseWrappedAsync(NpgsqlConnection connection, string runtimeKeyId, byte[] beginning, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from tenant_runtime_keys where runtime_key_id = @runtimeKeyId and substring(wrapped from 1 for @Length) <> @beginning",
            new { runtimeKeyId, beginning, beginning.Length }, cancellationToken: cancellationToken));

    /// <summary>The tenant's key, locked until the transaction ends, so that nobody seals with it meanwhile; null when there is none.</summary>
    public static Task<TenantKeyRow?> LockAsync(NpgsqlTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.Connection!.QuerySingleOrDefaultAsync<TenantKeyRow>(new CommandDefinition(
            $"{Select} where k.tenant_id = @Value for update of k", new { tenant.Value }, transaction, cancellationToken: cancellationToken));

    /// <summary>Replaces the tenant's key, also for runtimes. Lock it first, and seal again what was sealed with the former one.</summary>
    public static Task ReplaceAsync(
        NpgsqlTransaction transaction, TenantId tenant, string masterKeyId, byte[] wrapped, IReadOnlyCollection<RuntimeKeyRow> forRuntimes, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            """
            update tenant_keys set master_key_id = @masterKeyId, wrapped = @wrapped where tenant_id = @Tenant;
            delete from tenant_runtime_keys where tenant_id = @Tenant;
            insert into tenant_runtime_keys (tenant_id, runtime_key_id, wrapped) select @Tenant, * from unnest(@Ids, @Keys);
            """,
            new { Tenant = tenant.Value, masterKeyId, wrapped, Ids = forRuntimes.Select(r => r.RuntimeKeyId).ToArray(), Keys = forRuntimes.Select(r => r.Wrapped).ToArray() },
            transaction, cancellationToken: cancellationToken));

    /// <summary>How many keys other master keys wrapped.</summary>
    public static Task<long> CountOfOtherMastersAsync(NpgsqlTransaction transaction, string masterKeyId, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from tenant_keys where master_key_id <> @masterKeyId", new { masterKeyId }, transaction, cancellationToken: cancellationToken));

    /// <summary>Locks and returns the next keys, ordered by tenant, that other master keys wrapped.</summary>
    public static async Task<IReadOnlyList<TenantKeyRow>> OfOtherMastersAsync(
        NpgsqlTransaction transaction, string masterKeyId, Guid after, int count, CancellationToken cancellationToken) =>
        [
            .. await transaction.Connection!.QueryAsync<TenantKeyRow>(new CommandDefinition(
                $"{Select} where k.master_key_id <> @masterKeyId and k.tenant_id > @after order by k.tenant_id limit @count for no key update of k",
                new { masterKeyId, after, count }, transaction, cancellationToken: cancellationToken)),
        ];

    public static Task RewrapAsync(NpgsqlTransaction transaction, TenantId tenant, string masterKeyId, byte[] wrapped, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "update tenant_keys set master_key_id = @masterKeyId, wrapped = @wrapped where tenant_id = @Tenant",
            new { Tenant = tenant.Value, masterKeyId, wrapped }, transaction, cancellationToken: cancellationToken));

    /// <summary>Destroys the tenant's key, also for runtimes. Does nothing if there is none.</summary>
    public static Task DestroyAsync(NpgsqlTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "delete from tenant_keys where tenant_id = @Value", new { tenant.Value }, transaction, cancellationToken: cancellationToken));
}
