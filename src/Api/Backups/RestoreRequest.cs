using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Backups;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/restore, for the OpenAPI document; read by the reader of commands.</summary>
public sealed record RestoreRequest
{
    [Required, Description("A completed backup of the tenant.")]
    public required Guid BackupId { get; init; }

    [Required, AllowedValues("beside", "replace"), Description("beside restores into a database of its own, which is removed after some time. replace puts what is restored in the place of what the tenant uses, which is kept for some time; a deprovisioned tenant comes back with it.")]
    public required string Mode { get; init; }
}
