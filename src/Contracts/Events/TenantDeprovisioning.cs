using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// A tenant is going to be removed. Published once per deprovisioning, by its first step. The tenant has been closed since the command was
/// accepted. If it is taken back, <see cref="TenantReactivated"/> follows.
/// </summary>
public sealed record TenantDeprovisioning
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>When everything is removed.</summary>
    public required DateTimeOffset DeleteAt { get; init; }

    /// <summary>Whether a final backup is made before.</summary>
    public required bool Backup { get; init; }

    public required Guid OperationId { get; init; }

    /// <summary>When the deprovisioning was accepted.</summary>
    public required DateTimeOffset OccurredAt { get; init; }
}
