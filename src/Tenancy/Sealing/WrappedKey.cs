namespace Saga.Tenancy.Sealing;

/// <summary>A tenant's key as it lies in the registry for runtimes.</summary>
internal sealed record WrappedKey(string RuntimeKeyId, byte[] Wrapped);
