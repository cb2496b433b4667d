namespace Saga.Engine.Drift;

/// <summary>What a thing is compared by.</summary>
/// <param name="Resource">What it is, one of <see cref="DriftResources"/>.</param>
/// <param name="Server">The database server it is on; null for what is on none.</param>
/// <param name="Name">Its name there.</param>
public readonly record struct DriftKey(string Resource, string? Server, string Name);
