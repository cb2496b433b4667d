using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Compares what is outside with what the registry says: everything, or what belongs to some tenants. Nothing outside is changed. What differs is listed
/// as findings. Send it to <see cref="Endpoints.DriftScans"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record ScanDrift
{
    /// <summary>The tenants; null for all.</summary>
    public IReadOnlyList<TenantId>? Tenants { get; init; }

    /// <summary>True for everything; with <see cref="Tenants"/> it is null.</summary>
    public bool? All { get; init; }

    /// <summary>
    /// True to compare also what was changed in the last minutes (<c>Saga:Drift:GraceMinutes</c>), which is otherwise left alone; only with
    /// <see cref="Tenants"/>. What an operation is changing is left alone all the same.
    /// </summary>
    public bool? IncludeRecent { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
