using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Settings;

/// <summary>The rows of <c>tenant_settings</c>. A secret value is sealed before it comes here.</summary>
public static class TenantSettingRows
{
    /// <summary>Writes a value that everybody may read.</summary>
    /// <param name="transaction">The one of the step.</param>
    /// <param name="tenant">Whose setting it is.</param>
    /// <param name="key">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="keep">Whether a value that is there already stays.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, JsonElement value, bool keep, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, key, value.GetRawText(), null, keep, cancellationToken);

    /// <summary>The same for a value that is sealed.</summary>
    public static Task WriteSealedAsync(
        LeasedTransaction transaction, TenantId tenant, string key, byte[] envelope, bool keep, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, key, null, envelope, keep, cancellationToken);

    /// <summary>Deletes all of the tenant's; nothing when there are none.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from tenant_settings where tenant_id = @Value", new { tenant.Value }, cancellationToken);

    private static Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, string? value, byte[]? envelope, bool keep, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into tenant_settings (tenant_id, key, value, sealed) values (@Tenant, @key, @value::jsonb, @envelope) on conflict (tenant_id, key) "
            + (keep ? "do nothing" : "do update set value = excluded.value, sealed = excluded.sealed"),
            new { Tenant = tenant.Value, key, value, envelope }, cancellationToken);
}
