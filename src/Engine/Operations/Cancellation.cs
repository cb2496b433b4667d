namespace Saga.Engine.Operations;

/// <summary>Who cancelled an operation, and why.</summary>
/// <param name="Actor">As in the audit log.</param>
/// <param name="Reason">For people.</param>
/// <param name="Code">A machine-readable reason if the system itself cancelled it; null for a person's decision.</param>
public sealed record Cancellation(string Actor, string Reason, string? Code = null);
