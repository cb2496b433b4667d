using System.Text.Json;
using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Settings;

/// <summary>The rows of <c>tenant_settings</c>. Callers pass secret values sealed.</summary>
public static class TenantSettingRows
{
    /// <summary>The settings of tenant <c>t</c> as one column, for <see cref="RestoreAsync"/>.</summary>
    internal const string Snapshot =
        """
        (select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'value', s.value, 'sealed', encode(s.sealed, 'hex'), 'own', s.own)), '[]')
            from tenant_settings s where s.tenant_id = t.id)
        """;

    /// <summary>Writes an unsealed value.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="key">The setting's name.</param>
    /// <param name="value">The setting's value.</param>
    /// <param name="keep">Whether to keep an existing value.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <param name="replaceOwn">Whether to replace a sealed value of the tenant's own.</param>
    public static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, JsonElement value, bool keep, CancellationToken cancellationToken, bool replaceOwn = false) =>
        WriteAsync(transaction, tenant, key, value.GetRawText(), null, keep, replaceOwn, cancellationToken);

    /// <summary>Writes a sealed value.</summary>
    public static Task WriteSealedAsync(
        LeasedTransaction transaction, TenantId tenant, string key, byte[] envelope, bool keep, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, key, null, envelope, keep, replaceOwn: false, cancellationToken);

    /// <summary>Writes a sealed value of the tenant's own, which a plan's default does not replace.</summary>
    public static Task WriteOwnAsync(LeasedTransaction transaction, TenantId tenant, string key, byte[] envelope, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            insert into tenant_settings (tenant_id, key, sealed, own) values (@Tenant, @key, @envelope, true)
            on conflict (tenant_id, key) do update set value = null, sealed = excluded.sealed, own = true
            """,
            new { Tenant = tenant.Value, key, envelope }, cancellationToken);

    /// <summary>Replaces the envelope of a sealed value, whoever gave it.</summary>
    public static Task ResealAsync(LeasedTransaction transaction, TenantId tenant, string key, byte[] envelope, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "update tenant_settings set sealed = @envelope where tenant_id = @Tenant and key = @key and sealed is not null", new { Tenant = tenant.Value, key, envelope }, cancellationToken);

    /// <summary>Those of the keys for which the tenant has a sealed value of its own.</summary>
    public static async Task<IReadOnlyList<string>> ListOwnAsync(LeasedTransaction transaction, TenantId tenant, IReadOnlyCollection<string> keys, CancellationToken cancellationToken) =>
        [.. await transaction.Connection.QueryAsync<string>(new CommandDefinition(
            "select key from tenant_settings where tenant_id = @Value and key = any(@Keys) and own order by key",
            new { tenant.Value, Keys = keys.ToArray() }, transaction.Transaction, cancellationToken: cancellationToken))];

    /// <summary>The sealed values, by key.</summary>
    public static async Task<IReadOnlyDictionary<string, byte[]>> ListSealedAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        (await transaction.Connection.QueryAsync<(string Key, byte[] Sealed)>(new CommandDefinition(
            "select key, sealed from tenant_settings where tenant_id = @Value and sealed is not null order by key",
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken)))
            .ToDictionary(s => s.Key, s => s.Sealed, StringComparer.Ordinal);

    /// <summary>Deletes all settings of the tenant, if any.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from tenant_settings where tenant_id = @Value", new { tenant.Value }, cancellationToken);

    /// <summary>Deletes these settings of the tenant, if it has them.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, IReadOnlyCollection<string> keys, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "delete from tenant_settings where tenant_id = @Value and key = any(@Keys)", new { tenant.Value, Keys = keys.ToArray() }, cancellationToken);

    /// <summary>Makes the tenant's settings what they were when the snapshot was taken.</summary>
    internal static async Task RestoreAsync(LeasedTransaction transaction, TenantId tenant, string snapshot, CancellationToken cancellationToken)
    {
        await DeleteAsync(transaction, tenant, cancellationToken);
        // A setting whose value is the JSON null is not the same as one without a value.
        await transaction.ExecuteAsync(
            """
            insert into tenant_settings (tenant_id, key, value, sealed, own)
            select @Value, s ->> 'key', case when s ->> 'sealed' is null then s -> 'value' end, decode(s ->> 'sealed', 'hex'), coalesce((s ->> 'own')::boolean, false)
            from jsonb_array_elements(@snapshot::jsonb) s
            """,
            new { tenant.Value, snapshot }, cancellationToken);
    }

    private static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, string? value, byte[]? envelope, bool keep, bool replaceOwn, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into tenant_settings (tenant_id, key, value, sealed) values (@Tenant, @key, @value::jsonb, @envelope) on conflict (tenant_id, key) "
            + (keep ? "do nothing" : "do update set value = excluded.value, sealed = excluded.sealed, own = false where not tenant_settings.own or @replaceOwn"),
            new { Tenant = tenant.Value, key, value, envelope, replaceOwn }, cancellationToken);
}
