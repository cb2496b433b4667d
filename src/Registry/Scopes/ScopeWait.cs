namespace Saga.Registry.Scopes;

/// <summary>Lets a command wait for its scopes instead of being refused when one of them is taken.</summary>
/// <param name="ExpiresAt">When it stops waiting and is refused; null when it waits as long as it takes.</param>
public sealed record ScopeWait(DateTimeOffset? ExpiresAt = null);
