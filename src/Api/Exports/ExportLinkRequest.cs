using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Exports;

/// <summary>The body of POST /api/v1/exports/{id}/link.</summary>
public sealed record ExportLinkRequest
{
    [Required, StringLength(500, MinimumLength = 1), Description("Why; kept in the audit log.")]
    public required string Reason { get; init; }
}
