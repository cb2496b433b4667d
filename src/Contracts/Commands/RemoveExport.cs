using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Removes the file of an export. The export schedules it for the end of the file's time. Send it to <see cref="Endpoints.ExportRemovals"/> to
/// remove the file earlier.
/// </summary>
public sealed record RemoveExport
{
    public required TenantId TenantId { get; init; }

    public required Guid ExportId { get; init; }

    public string? IdempotencyKey { get; init; }
}
