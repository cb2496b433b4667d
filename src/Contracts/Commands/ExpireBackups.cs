using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Removes backups of a tenant whose time is over, with their keys. Retention sends it; sent to <see cref="Endpoints.BackupExpiries"/> by somebody
/// else it removes those that are named.
/// </summary>
public sealed record ExpireBackups
{
    public required TenantId TenantId { get; init; }

    /// <summary>1 to 1,000 complete backups of the tenant. Those that are gone already are passed over.</summary>
    public required IReadOnlyList<Guid> Backups { get; init; }

    /// <summary>Whether the newest complete backup may be among them. When absent or false, it is kept.</summary>
    public bool? EvenLast { get; init; }

    /// <summary>
    /// Why somebody wants them removed: 1 to 500 characters. With a reason, a command is refused whose backups are not all complete ones of the
    /// tenant, or have the newest one without <see cref="EvenLast"/>. Without one, those are passed over.
    /// </summary>
    public string? Reason { get; init; }

    public string? IdempotencyKey { get; init; }
}
