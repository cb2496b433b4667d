using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Settings;

/// <summary>What is known of a tenant's stored settings without their values. Thread-safe.</summary>
public sealed class SettingMarkStore(NpgsqlDataSource registry)
{
    /// <summary>Whether the stored value is the tenant's own sealed one, and whether it is sealed at all; null when none is stored.</summary>
    public async Task<(bool Own, bool Sealed)?> FindAsync(TenantId tenant, string key, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<(bool, bool)?>(new CommandDefinition(
            "select own, is_sealed from tenant_settings where tenant_id = @Value and key = @key", new { tenant.Value, key }, cancellationToken: cancellationToken));
    }
}
