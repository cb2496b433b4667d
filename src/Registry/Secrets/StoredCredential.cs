namespace Saga.Registry.Secrets;

/// <summary>A credential with its key.</summary>
public sealed record StoredCredential(CredentialKey Key, CredentialRow Row);
