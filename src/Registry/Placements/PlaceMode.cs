namespace Saga.Registry.Placements;

/// <summary>What a place in a product database is to say about its tenant.</summary>
/// <param name="Mode"><c>open</c>, <c>readOnly</c> or <c>closed</c>.</param>
public sealed record PlaceMode(long Epoch, string Mode);
