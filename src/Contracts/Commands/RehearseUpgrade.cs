using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Backs a tenant up, restores the backup beside the tenant's place, brings the copy's tables to a version, verifies it and drops it again. The place
/// stays as it is. Batches of upgrades send it before their first place; others may send it to <see cref="Endpoints.UpgradeRehearsals"/>; the answer is
/// <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record RehearseUpgrade
{
    /// <summary>The tenant whose own place it is.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>The name of the database server.</summary>
    public required string Server { get; init; }

    public required string Database { get; init; }

    public required string Schema { get; init; }

    /// <summary>A released version of the product's tables.</summary>
    public required int TargetVersion { get; init; }

    /// <summary>Whether the contents of the tenant's objects are part of the backup. Absent means no, because an upgrade does not touch them.</summary>
    public bool? IncludeObjects { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters.</summary>
    public string? IdempotencyKey { get; init; }
}
