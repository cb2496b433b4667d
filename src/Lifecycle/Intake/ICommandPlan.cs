using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Intake;

/// <summary>
/// What one lifecycle command means. Its own folder holds it with the command's rules and workflow; the intake does the rest,
/// the same for every command and every door. Thread-safe.
/// </summary>
/// <remarks>
/// A command is a record of the contracts. When it has a property <c>IdempotencyKey</c>, that is the key of whoever sends it by
/// the bus; it is no part of the command otherwise.
/// </remarks>
/// <typeparam name="TCommand">As it is sent.</typeparam>
/// <typeparam name="TInput">The command after it was checked: texts normalized, defaults filled in.</typeparam>
public interface ICommandPlan<in TCommand, TInput>
    where TCommand : class
    where TInput : class
{
    /// <summary>The kind of operation that the command begins, such as <c>provision</c>. Stored and shown: it never changes.</summary>
    static abstract string Kind { get; }

    /// <summary>The queue that takes the command, and no other command: a sender need not name the message's type.</summary>
    static abstract string Queue { get; }

    /// <summary>Every workflow that <see cref="Plan"/> may choose, the usual one first.</summary>
    static abstract IReadOnlyList<WorkflowDefinition> Workflows { get; }

    /// <summary>What the audit calls it, one of <see cref="Saga.Registry.Audit.AuditActions"/>.</summary>
    string AuditAction { get; }

    /// <summary>Holds the command to its rules, as far as the tenant does not matter. Names every broken rule.</summary>
    ValueTask<Checked<TInput>> CheckAsync(TCommand command, CancellationToken cancellationToken);

    /// <summary>Whom the command is about.</summary>
    CommandSubject Subject(TInput input);

    /// <summary>Whether an existing tenant is in a state that allows the command. Decided on the row that the accepting transaction has locked.</summary>
    /// <returns>The refusal; null when it is allowed.</returns>
    OperationRejected? Guard(TInput input, Tenant tenant) => null;

    /// <summary>
    /// What the operation keeps for itself until it ends, unless the plan says otherwise: its tenant, or the fleet when it works on no
    /// single tenant. No two operations share a scope. A parent keeps only its own, and its children keep theirs.
    /// </summary>
    IReadOnlyCollection<string> Scopes(TInput input, BegunOperation operation) =>
        [operation.TenantId is { } tenant ? OperationScopes.Tenant(tenant) : OperationScopes.Fleet];

    /// <summary>The class in which the operation waits for a slot.</summary>
    OperationPriority Priority(TInput input) => OperationPriority.Interactive;

    /// <summary>The operation that the command is a part of; null when there is none. It must not have ended.</summary>
    Guid? Parent(TInput input) => null;

    /// <summary>The steps to run.</summary>
    /// <param name="input">The checked command.</param>
    /// <param name="tenant">As it is now; null for a new one, or none.</param>
    WorkflowDefinition Plan(TInput input, Tenant? tenant);

    /// <summary>What changes in the registry in the transaction that accepts the command.</summary>
    IEnumerable<NpgsqlBatchCommand> Effects(TInput input, BegunOperation operation) => [];

    /// <summary>What of the command the audit shows besides. Never a secret.</summary>
    object AuditDetail(TInput input);

    /// <summary>Why <see cref="Effects"/> cannot be written now, such as a name that is taken. That a scope is taken is the intake's to say.</summary>
    /// <returns>The refusal; null when nothing stands in the way.</returns>
    Task<OperationRejected?> FindConflictAsync(TInput input, CancellationToken cancellationToken) => Task.FromResult<OperationRejected?>(null);
}
