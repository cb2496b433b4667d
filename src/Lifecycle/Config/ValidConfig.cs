using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Config;

/// <summary>A checked command.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Key">The key; null when there is no such tenant.</param>
/// <param name="Value">The value, with whole numbers written as such; the JSON null for one that is encrypted.</param>
/// <param name="Encrypted">Whether the value is stored encrypted.</param>
public sealed record ValidConfig(TenantId Tenant, ConfigKey? Key, JsonElement Value, bool Encrypted)
{
    /// <summary>Whether the tenant's own value is taken back.</summary>
    public bool Remove { get; init; }

    /// <summary>Whether a worker has made the key that an encrypted value needs.</summary>
    public bool HasBoxKey { get; init; }
}
