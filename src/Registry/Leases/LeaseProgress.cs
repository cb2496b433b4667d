using Saga.Engine.Operations;

namespace Saga.Registry.Leases;

/// <summary>What the holder of a lease reports with its renewal.</summary>
/// <param name="Progress">How far the step has come.</param>
/// <param name="Checkpoint">Where the next attempt may begin, as JSON; null to keep the one before.</param>
/// <param name="StallAfter">The attempt ends this long after its last progress; null when it has a fixed end.</param>
public sealed record LeaseProgress(StepProgress Progress, string? Checkpoint, TimeSpan? StallAfter);
