namespace Saga.Registry.Secrets;

public sealed record CredentialRow(string Username, byte[] Sealed);
