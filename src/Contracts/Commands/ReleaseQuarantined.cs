namespace Saga.Contracts.Commands;

/// <summary>
/// Puts something in quarantine back as it was. Send it to <see cref="Endpoints.QuarantineReleases"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record ReleaseQuarantined
{
    public required Guid QuarantineId { get; init; }

    public string? Reason { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
