using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Fleet;

/// <summary>The body of POST /api/v1/fleet/registry/backups, for the OpenAPI document.</summary>
public sealed record RegistryBackupRequest
{
    [StringLength(500, MinimumLength = 1), Description("What it is for; shown with the backup.")]
    public string? Note { get; init; }
}
