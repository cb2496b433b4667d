namespace Saga.Contracts.Commands;

/// <summary>Removes something whose time in quarantine is over. The repair schedules it, and nobody else may send it.</summary>
public sealed record RemoveQuarantined
{
    public required Guid QuarantineId { get; init; }

    public string? IdempotencyKey { get; init; }
}
