using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Writes a tenant's data, or what concerns one of its users, to a zip file that can be downloaded for a while. Send it to
/// <see cref="Endpoints.Exports"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record ExportTenant
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>One or more of users, documents, settings, media, audit_logs and usage.</summary>
    public required IReadOnlyList<string> DataTypes { get; init; }

    /// <summary>json or csv; json when absent.</summary>
    public string? Format { get; init; }

    /// <summary>Only what concerns this user: the id in the directory, which tokens have as their subject.</summary>
    public string? UserId { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
