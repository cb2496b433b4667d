using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Drift;

/// <summary>The body of POST /api/v1/drift/repairs, for the OpenAPI document.</summary>
public sealed record RepairDriftRequest
{
    [Required, MinLength(1), MaxLength(100), Description("Ids of findings that are open.")]
    public IReadOnlyList<Guid>? Items { get; init; }

    [Required, MinLength(1), MaxLength(500), Description("Why; it is in the audit log.")]
    public string? Reason { get; init; }

    [Description("What is confirmed so that orphans are quarantined all the same: registryRestored, manyOrphans. The dry run says what is needed.")]
    public IReadOnlyList<string>? Confirm { get; init; }
}

/// <summary>The body of POST /api/v1/drift/quarantine/{id}/release, for the OpenAPI document.</summary>
public sealed record ReleaseQuarantinedRequest
{
    [Required, MinLength(1), MaxLength(500), Description("Why; it is in the audit log.")]
    public string? Reason { get; init; }
}
