namespace Saga.Tenancy.Sealing;

/// <summary>A tenant's key as stored in the registry for runtimes.</summary>
internal sealed record WrappedKey(string RuntimeKeyId, byte[] Wrapped);
