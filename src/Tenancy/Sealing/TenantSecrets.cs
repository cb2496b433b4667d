using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Runtime;

namespace Saga.Tenancy.Sealing;

/// <summary>
/// Reads tenants' keys, with a runtime key. They are read each time: what was sealed with a destroyed key is unreadable at
/// once. Thread-safe.
/// </summary>
internal sealed class TenantSecrets(RuntimeKeys keys)
{
    /// <exception cref="SealingException">There is none, or it does not open with the configured runtime keys.</exception>
    public async Task<byte[]> KeyAsync(NpgsqlConnection connection, TenantId tenant, CancellationToken cancellationToken)
    {
        var wrapped = await connection.QueryAsync<WrappedKey>(new CommandDefinition(
            $"select runtime_key_id as RuntimeKeyId, wrapped as Wrapped from {RuntimeRegistry.Schema}.keys where tenant_id = @Value order by runtime_key_id",
            new { tenant.Value }, cancellationToken: cancellationToken));
        return keys.Unwrap(tenant, [.. wrapped]);
    }
}
