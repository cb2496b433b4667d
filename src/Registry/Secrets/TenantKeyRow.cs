using Saga.Contracts.Identifiers;

namespace Saga.Registry.Secrets;

/// <summary>A tenant's key as it is stored.</summary>
// Settable, since a record's constructor would have to match the driver's type of an array.
public sealed class TenantKeyRow
{
    public Guid TenantId { get; init; }

    /// <summary>Which master key wrapped it.</summary>
    public string MasterKeyId { get; init; } = "";

    public byte[] Wrapped { get; init; } = [];

    /// <summary>Under which runtime keys it is wrapped as well.</summary>
    public string[] RuntimeKeyIds { get; init; } = [];

    public TenantId Tenant => new(TenantId);
}
