using System.Text.Json;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Operations;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Intake;

/// <summary>
/// Defines one lifecycle command. It is in the command's folder, with the command's rules and workflow. The intake does the rest in
/// the same way for every command, from HTTP and from the bus. Thread-safe.
/// </summary>
/// <remarks>
/// A command is a record of the contracts. A property <c>IdempotencyKey</c> is the key of a sender on the bus. It is not otherwise
/// part of the command.
/// </remarks>
/// <typeparam name="TCommand">The command as it is sent.</typeparam>
/// <typeparam name="TInput">The validated command, with normalized texts and defaults filled in.</typeparam>
public interface ICommandPlan<TCommand, TInput>
    where TCommand : class
    where TInput : class
{
    /// <summary>The kind of operation that the command starts, such as <c>provision</c>. It is stored and shown, so it must never change.</summary>
    static abstract string Kind { get; }

    /// <summary>The queue for this command only, so that senders need not name the message's type.</summary>
    static abstract string Queue { get; }

    /// <summary>Every workflow that <see cref="Plan"/> may choose, the usual one first.</summary>
    static abstract IReadOnlyList<WorkflowDefinition> Workflows { get; }

    /// <summary>Whether the command may be posted for a time; null, the default, when it may not.</summary>
    static virtual CommandScheduling? Scheduling => null;

    /// <summary>
    /// Whether the operation removes what cannot be made again, or leads to that. The default is false. To let one that stalled go on is to order the removal
    /// once more, so it needs the same role.
    /// </summary>
    static virtual bool Removes => false;

    /// <summary>Whether the same command may be given to many tenants as a batch. The default is false, for commands that a person confirms for each tenant.</summary>
    static virtual bool ForMany => false;

    /// <summary>The field of a stored command whose value is in a box, which only workers open; null, the default, when there is none. A replay needs the value again.</summary>
    static virtual string? BoxedField(JsonElement stored) => null;

    /// <summary>The action in the audit log, one of <see cref="Saga.Registry.Audit.AuditActions"/>.</summary>
    string AuditAction { get; }

    /// <summary>Validates the command as far as possible without the tenant, and reports every broken rule.</summary>
    ValueTask<Checked<TInput>> CheckAsync(TCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// The command without what only workers may see. It is what commands with one idempotency key are compared by: a hash of a secret would
    /// let readers of the registry try guesses.
    /// </summary>
    TCommand WithoutSecrets(TCommand command) => command;

    /// <summary>
    /// The command with what was decided when it was accepted, such as the version of a plan, so that its steps do not decide it again. It is
    /// stored with the operation, and not compared with other commands of the same idempotency key.
    /// </summary>
    TCommand Resolve(TCommand command, TInput input) => command;

    /// <summary>The command as it is stored with its operation: what only workers may see is in a box that only they can open.</summary>
    ValueTask<TCommand> ProtectAsync(TCommand command, CancellationToken cancellationToken) => ValueTask.FromResult(command);

    /// <summary>The tenant that the command is about.</summary>
    CommandSubject Subject(TInput input);

    /// <summary>Checks whether an existing tenant's state allows the command. The accepting transaction has locked the tenant's row.</summary>
    /// <returns>The rejection; null when it is allowed.</returns>
    OperationRejected? Guard(TInput input, Tenant tenant) => null;

    /// <summary>
    /// The scopes that the operation holds exclusively until it ends. The default is its tenant, or the fleet when it does not concern a
    /// single tenant. A parent holds only its own scopes, and its children hold theirs.
    /// </summary>
    IReadOnlyCollection<string> Scopes(TInput input, BegunOperation operation) =>
        [operation.TenantId is { } tenant ? OperationScopes.Tenant(tenant) : OperationScopes.Fleet];

    /// <summary>
    /// How the command waits when a scope is taken. The default is null: it is refused (409). A command that waits is accepted at once, and
    /// its operation starts when it has got its scopes, before any command that came later.
    /// </summary>
    ScopeWait? Wait(TInput input) => null;

    /// <summary>The class in which the operation waits for a slot.</summary>
    OperationPriority Priority(TInput input) => OperationPriority.Interactive;

    /// <summary>
    /// Whether the operation waits for a slot of the installation. The default is true. False is for commands that must not wait behind
    /// a burst, such as a suspension or an operator's order: they are not counted either.
    /// </summary>
    bool NeedsSlot(TInput input) => true;

    /// <summary>The parent operation of the command; null when there is none. It must not have ended.</summary>
    Guid? Parent(TInput input) => null;

    /// <summary>The steps to run.</summary>
    /// <param name="input">The checked command.</param>
    /// <param name="tenant">The tenant's current state; null for a new tenant or when there is none.</param>
    WorkflowDefinition Plan(TInput input, Tenant? tenant);

    /// <summary>What the command would do, in sentences that people read in a dry run. The default is none, for commands of which there is no dry run.</summary>
    /// <param name="input">The checked command.</param>
    /// <param name="tenant">The tenant's current state, which need not allow the command; null for a new tenant or when there is none.</param>
    IReadOnlyList<string> Words(TInput input, Tenant? tenant) => [];

    /// <summary>
    /// The changes to the registry in the transaction that accepts the command. If the operation compensates before it has come to its first
    /// steps, their compensations run all the same, so they must undo these changes.
    /// </summary>
    IEnumerable<NpgsqlBatchCommand> Effects(TInput input, BegunOperation operation) => [];

    /// <summary>Further details of the command for the audit log. Never a secret.</summary>
    object AuditDetail(TInput input);

    /// <summary>Finds out why <see cref="Effects"/> cannot be written now, such as a taken name. The intake itself reports taken scopes.</summary>
    /// <returns>The rejection; null when there is no conflict.</returns>
    Task<OperationRejected?> FindConflictAsync(TInput input, CancellationToken cancellationToken) => Task.FromResult<OperationRejected?>(null);
}
