using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Runtime;

namespace Saga.Tenancy.Sealing;

/// <summary>
/// Reads tenants' keys with a runtime key. It reads them each time, so that everything sealed under a destroyed key becomes
/// unreadable at once. Thread-safe.
/// </summary>
internal sealed class TenantSecrets(RuntimeKeys keys)
{
    /// <exception cref="SealingException">There is no key, or the configured runtime keys do not open it.</exception>
    public async Task<byte[]> KeyAsync(NpgsqlConnection connection, TenantId tenant, CancellationToken cancellationToken)
    {
        var wrapped = await connection.QueryAsync<WrappedKey>(new CommandDefinition(
            $"select runtime_key_id as RuntimeKeyId, wrapped as Wrapped from {RuntimeRegistry.Schema}.keys where tenant_id = @Value order by runtime_key_id",
            new { tenant.Value }, cancellationToken: cancellationToken));
        return keys.Unwrap(tenant, [.. wrapped]);
    }
}
