using Saga.Contracts.Steps;

namespace Saga.Registry.Exports;

/// <param name="Id">The export.</param>
/// <param name="Failure">Why its operation failed; null when it was cancelled, or when that is not known.</param>
/// <param name="Cancelled">By whom it was cancelled and why; null when it was not.</param>
/// <param name="At">When it was recorded.</param>
public sealed record FailedExport(Guid Id, Failure? Failure, string? Cancelled, DateTimeOffset At);
