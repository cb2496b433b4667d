using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Registry.Intake;

/// <summary>
/// Accepts operations. The command's changes, the operation with its scopes, its history, the idempotency key and the message that
/// starts it are committed in one transaction. Thread-safe; any number may run.
/// </summary>
public interface IAcceptanceStore
{
    /// <summary>The operation that the caller started with this key; null when there is none.</summary>
    Task<KnownCommand?> FindAsync(string caller, string key, CancellationToken cancellationToken);

    /// <summary>The holder of one of the scopes, the first in order; null when all are free.</summary>
    Task<ScopeHolder?> FindHolderAsync(IReadOnlyCollection<string> scopes, CancellationToken cancellationToken);

    /// <summary>
    /// Accepts an operation. It takes all of its scopes, always in sorted order, and holds them until the transition that ends it. An
    /// operation that may wait is accepted although a scope is taken, and gets its scopes later (<see cref="Scopes.IScopeWaitStore"/>). An
    /// operation that needs a slot waits for it and is woken when it is admitted; a message starts the others.
    /// </summary>
    /// <param name="existing">The tenant that the command is about, which stays locked against other commands until the end; null for a new tenant or none.</param>
    /// <param name="decide">
    /// Returns what to write, given the tenant's current state and the registry's time; null to write nothing. Must not wait for anything.
    /// </param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <returns>Null when the result of <paramref name="decide"/> was written; otherwise why nothing was written.</returns>
    /// <exception cref="PostgresException">
    /// 23505: another command has taken a name or the idempotency key. 40P01: deadlock victim. SG001 to SG003: the gates of
    /// <see cref="TenantAdmission"/>. Nothing was written.
    /// </exception>
    Task<AcceptanceConflict?> AcceptAsync(TenantId? existing, Func<Tenant?, DateTimeOffset, Acceptance?> decide, CancellationToken cancellationToken);
}
