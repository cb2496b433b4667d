using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Registry.Intake;

/// <summary>
/// Accepts operations: what the command changes, the operation with its scopes, its history, the idempotency key and the message
/// that starts it commit together, or nothing does. Thread-safe; any number may run.
/// </summary>
public interface IAcceptanceStore
{
    /// <summary>The operation that the caller began with this key; null when there is none.</summary>
    Task<KnownCommand?> FindAsync(string caller, string key, CancellationToken cancellationToken);

    /// <summary>The operation that keeps one of the scopes for itself, the first of them in their order; null when they are free.</summary>
    Task<ScopeHolder?> FindHolderAsync(IReadOnlyCollection<string> scopes, CancellationToken cancellationToken);

    /// <summary>
    /// Accepts an operation. It takes all of its scopes, in their order and whatever the order in which they are given, and keeps
    /// them until the transition that ends it. One that needs a slot waits for it and is woken by whoever gives it one; the others
    /// are started by a message.
    /// </summary>
    /// <param name="existing">The tenant that the command is about, locked against other commands until the end; null for a new one, or none.</param>
    /// <param name="decide">What to write, given the tenant as it is; null writes nothing. Must not wait for anything.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <returns>Null when <paramref name="decide"/> was done; otherwise why nothing was written.</returns>
    /// <exception cref="PostgresException">
    /// 23505: a name or the idempotency key is taken by another command. 40P01: the loser of a deadlock. Nothing was written.
    /// </exception>
    Task<AcceptanceConflict?> AcceptAsync(TenantId? existing, Func<Tenant?, Acceptance?> decide, CancellationToken cancellationToken);
}
