namespace Saga.Registry.Placements;

/// <summary>The mode and epoch that a place in a product database should have.</summary>
/// <param name="Mode"><c>open</c>, <c>readOnly</c> or <c>closed</c>.</param>
public sealed record PlaceMode(long Epoch, string Mode);
