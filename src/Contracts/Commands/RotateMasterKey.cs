namespace Saga.Contracts.Commands;

/// <summary>
/// Wraps every tenant's key with another master key, which must already be the active one of every process. Afterwards the former master
/// keys are no longer needed. Send it to <see cref="Endpoints.MasterKeyRotations"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record RotateMasterKey
{
    /// <summary>The id of the master key under <c>Saga:Sealing:MasterKeys</c>.</summary>
    public required string MasterKeyId { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
