using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/rotate-credentials, for the OpenAPI document.</summary>
public sealed record RotateRequest
{
    [Required, MinLength(1), Description("What is rotated: one or more of database, cache, tenantKey, backupKey.")]
    public required IReadOnlyList<string> What { get; init; }
}
