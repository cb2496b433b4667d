namespace Saga.Contracts.Events;

/// <summary>Every tenant's key is wrapped with another master key. Published at least once per rotation; a repetition has the same operation.</summary>
public sealed record MasterKeyRotated
{
    /// <summary>The master key that is in use now.</summary>
    public required string MasterKeyId { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
