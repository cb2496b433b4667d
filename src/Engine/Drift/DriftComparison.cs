namespace Saga.Engine.Drift;

/// <summary>The outcome of a comparison.</summary>
/// <param name="Compared">How many things were compared.</param>
/// <param name="Findings">The differences.</param>
/// <param name="LeftAlone">Things that may be part of an operation, so nothing is said about them.</param>
public sealed record DriftComparison(int Compared, IReadOnlyList<DriftFinding> Findings, IReadOnlySet<DriftKey> LeftAlone);
