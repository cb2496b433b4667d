namespace Saga.Contracts.Steps;

/// <summary>A message that only the next version knows.</summary>
public sealed record StepProgressed
{
    public required Guid OperationId { get; init; }

    public required string Step { get; init; }
}
