using Saga.Registry.Operations;

namespace Saga.Registry.Scopes;

/// <summary>
/// The operations that wait for scopes. A scope goes to the operation that has waited longest for it, and an operation gets all of its
/// scopes at once, so two that wait for the same scopes cannot block each other. Thread-safe; any number of processes may grant.
/// </summary>
public interface IScopeWaitStore
{
    /// <summary>
    /// Gives free scopes to the operations that have waited longest. An operation that needs a slot queues for one from then on, in the
    /// order of its acceptance. The others are due at once.
    /// </summary>
    Task<GrantedScopes> GrantAsync(int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Refuses operations whose time to wait is over: the refusal is audited and published, and a message ends the operation. All of it is
    /// written in one transaction, after which the operation gets no scope any more.
    /// </summary>
    /// <returns>The number of operations.</returns>
    Task<int> RefuseExpiredAsync(int limit, CancellationToken cancellationToken);
}

/// <summary>The result of one look.</summary>
/// <param name="Operations">The operations that got their scopes.</param>
/// <param name="Queued">How many of them wait for a slot now.</param>
/// <param name="LookAgain">Whether to look again at once: another process was granting, or a command took one of the scopes meanwhile.</param>
public sealed record GrantedScopes(IReadOnlyList<Guid> Operations, int Queued, bool LookAgain)
{
    public static GrantedScopes None { get; } = new([], 0, LookAgain: false);
}

/// <summary>What a waiting operation waits for.</summary>
/// <param name="Since">When it began to wait.</param>
/// <param name="ExpiresAt">When it is refused; null when it waits as long as it takes.</param>
/// <param name="Holder">The operation that is in its way: one that holds a scope, or one that waits longer. Null when its scopes have just become free.</param>
public sealed record AwaitedScope(DateTimeOffset Since, DateTimeOffset? ExpiresAt, ScopeHolder? Holder);
