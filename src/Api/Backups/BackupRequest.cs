using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Backups;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/backup, for the OpenAPI document; read by the reader of commands.</summary>
public sealed record BackupRequest
{
    [StringLength(500, MinimumLength = 1), Description("What it is for; shown with the backup.")]
    public string? Note { get; init; }

    [Description("Whether the contents of the tenant's objects are part of it; false when absent. It always has their list.")]
    public bool? IncludeObjects { get; init; }
}
