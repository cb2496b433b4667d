using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Exports;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/export, for the OpenAPI document; read by the reader of commands.</summary>
public sealed record ExportRequest
{
    [Required, MinLength(1), Description("What it has: one or more of users, documents, settings, media, audit_logs. usage is not supported yet.")]
    public required IReadOnlyList<string> DataTypes { get; init; }

    [AllowedValues("json", "csv"), Description("json or csv; json when absent.")]
    public string? Format { get; init; }

    [StringLength(255, MinimumLength = 1), Description("Only what concerns this user: the id in the directory, which tokens have as their subject. Not together with settings.")]
    public string? UserId { get; init; }
}
