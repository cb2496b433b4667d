namespace Saga.Contracts.Commands;

/// <summary>
/// Backs up the registry, which has every wrapped key. Send it to <see cref="Endpoints.RegistryBackups"/>; the answer is
/// <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record BackUpRegistry
{
    /// <summary>For people; 1 to 500 characters.</summary>
    public string? Note { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
