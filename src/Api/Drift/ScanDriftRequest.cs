using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Drift;

/// <summary>The body of POST /api/v1/drift/scans, for the OpenAPI document. Either tenants or all.</summary>
public sealed record ScanDriftRequest
{
    [MinLength(1), MaxLength(100), Description("Ids of tenants. Only what belongs to them is compared.")]
    public IReadOnlyList<Guid>? Tenants { get; init; }

    [Description("true: what was changed in the last minutes is compared, too. Only with tenants.")]
    public bool? IncludeRecent { get; init; }

    [Description("true: everything is compared.")]
    public bool? All { get; init; }
}
