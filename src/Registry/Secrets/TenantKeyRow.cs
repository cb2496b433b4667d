using Saga.Contracts.Identifiers;

namespace Saga.Registry.Secrets;

/// <summary>A tenant's key as it is stored.</summary>
// A class with setters, because a record's constructor would have to match the driver's array type.
public sealed class TenantKeyRow
{
    public Guid TenantId { get; init; }

    /// <summary>The id of the master key that wrapped it.</summary>
    public string MasterKeyId { get; init; } = "";

    public byte[] Wrapped { get; init; } = [];

    /// <summary>The ids of the runtime keys under which it is also wrapped.</summary>
    public string[] RuntimeKeyIds { get; init; } = [];

    public TenantId Tenant => new(TenantId);
}
