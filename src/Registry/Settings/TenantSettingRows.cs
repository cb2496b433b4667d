using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Settings;

/// <summary>The rows of <c>tenant_settings</c>. Callers pass secret values sealed.</summary>
public static class TenantSettingRows
{
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

    /// <summary>Deletes all settings of the tenant, if any.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from tenant_settings where tenant_id = @Value", new { tenant.Value }, cancellationToken);

    private static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, string? value, byte[]? envelope, bool keep, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into tenant_settings (tenant_id, key, value, sealed) values (@Tenant, @key, @value::jsonb, @envelope) on conflict (tenant_id, key) "
            + (keep ? "do nothing" : "do update set value = excluded.value, sealed = excluded.sealed"),
            new { Tenant = tenant.Value, key, value, envelope }, cancellationToken);
}
