using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Brings the product's tables of one place to a version. Batches of upgrades send it, one for each place; others may send it to
/// <see cref="Endpoints.Upgrades"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record UpgradePlace
{
    /// <summary>The tenant whose own place it is; null for tables that tenants share.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The name of the database server.</summary>
    public required string Server { get; init; }

    public required string Database { get; init; }

    public required string Schema { get; init; }

    /// <summary>A released version of the product's tables. A place that has it, or a newer one, stays as it is.</summary>
    public required int TargetVersion { get; init; }

    /// <summary>Whether the tenant is backed up before. Not for shared tables.</summary>
    public bool? BackupFirst { get; init; }

    /// <summary>Whether the contents of the tenant's objects are part of that backup. Absent means no, because an upgrade does not touch them.</summary>
    public bool? IncludeObjects { get; init; }

    /// <summary>When the place's maintenance window closes: nothing begins after it. Null when it has none.</summary>
    public DateTimeOffset? ClosesAt { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters.</summary>
    public string? IdempotencyKey { get; init; }
}
