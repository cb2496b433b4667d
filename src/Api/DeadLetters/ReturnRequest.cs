namespace Saga.Api.DeadLetters;

/// <summary>Puts a dead letter back into its queue.</summary>
public sealed record ReturnRequest
{
    /// <summary>Why: 1 to 500 characters, kept in the audit.</summary>
    public required string Reason { get; init; }
}
