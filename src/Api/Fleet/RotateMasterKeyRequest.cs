using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Fleet;

/// <summary>The body of POST /api/v1/fleet/rotate-master-key, for the OpenAPI document.</summary>
public sealed record RotateMasterKeyRequest
{
    [Required, StringLength(63, MinimumLength = 1), Description("The id of the master key. It must be configured in every process with master keys, and be the active one there.")]
    public required string MasterKeyId { get; init; }
}
