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
        (select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'value', s.value, 'sealed', encode(s.sealed, 'hex'))), '[]')
            from tenant_settings s where s.tenant_id = t.id)
        """;

    /// <summary>Writes an unsealed value.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="key">The setting's name.</param>
    /// <param name="value">The setting's value.</param>
    /// <param name="keep">Whether to keep an existing value.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, JsonElement value, bool keep, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, key, value.GetRawText(), null, keep, cancellationToken);

    /// <summary>Writes a sealed value.</summary>
    public static Task WriteSealedAsync(
        LeasedTransaction transaction, TenantId tenant, string key, byte[] envelope, bool keep, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, key, null, envelope, keep, cancellationToken);

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
            insert into tenant_settings (tenant_id, key, value, sealed)
            select @Value, s ->> 'key', case when s ->> 'sealed' is null then s -> 'value' end, decode(s ->> 'sealed', 'hex')
            from jsonb_array_elements(@snapshot::jsonb) s
            """,
            new { tenant.Value, snapshot }, cancellationToken);
    }

    private static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, string? value, byte[]? envelope, bool keep, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into tenant_settings (tenant_id, key, value, sealed) values (@Tenant, @key, @value::jsonb, @envelope) on conflict (tenant_id, key) "
            + (keep ? "do nothing" : "do update set value = excluded.value, sealed = excluded.sealed"),
            new { Tenant = tenant.Value, key, value, envelope }, cancellationToken);
}
