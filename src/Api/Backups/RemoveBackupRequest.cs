using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Backups;

/// <summary>The body of DELETE /api/v1/backups/{id}.</summary>
public sealed record RemoveBackupRequest
{
    // Not required, so that its absence is reported like a reason that breaks the rule.
    [StringLength(500, MinimumLength = 1), Description("Why; required. Stored in the audit log.")]
    public string? Reason { get; init; }

    [Description("Whether it may be the tenant's last good backup; false when absent.")]
    public bool? Force { get; init; }
}
