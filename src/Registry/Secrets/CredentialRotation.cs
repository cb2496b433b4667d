namespace Saga.Registry.Secrets;

/// <summary>A rotation whose new credentials are in use.</summary>
/// <param name="SwitchedAt">Since when, by the registry's clock.</param>
/// <param name="DrainsUntil">Until then the former logins work beside the new ones.</param>
public sealed record CredentialRotation(DateTimeOffset SwitchedAt, DateTimeOffset DrainsUntil);
