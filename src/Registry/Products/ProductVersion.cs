namespace Saga.Registry.Products;

/// <summary>A file of the product that is released.</summary>
public sealed record ProductVersion(int Version, string Name, string Checksum);
