namespace Saga.Contracts.Steps;

/// <summary>A message that only tomorrow's version knows.</summary>
public sealed record StepProgressed
{
    public required Guid OperationId { get; init; }

    public required string Step { get; init; }
}
