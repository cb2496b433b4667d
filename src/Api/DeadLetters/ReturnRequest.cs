namespace Saga.Api.DeadLetters;

/// <summary>Returns a dead letter to its queue.</summary>
public sealed record ReturnRequest
{
    /// <summary>The reason: 1 to 500 characters, stored in the audit log.</summary>
    public required string Reason { get; init; }
}
