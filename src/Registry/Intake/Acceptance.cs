using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Operations;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;

namespace Saga.Registry.Intake;

/// <summary>Everything that is written when one command is accepted.</summary>
public sealed record Acceptance
{
    public required Guid OperationId { get; init; }

    /// <summary>Null when the operation does not concern a single tenant.</summary>
    public required TenantId? TenantId { get; init; }

    /// <summary>
    /// The parent operation; null when there is none. It must not have ended. Parent and child hold separate scopes.
    /// </summary>
    public Guid? ParentId { get; init; }

    /// <summary>The scopes that the operation holds exclusively until it ends: see <see cref="OperationScopes"/>.</summary>
    public required IReadOnlyCollection<string> Scopes { get; init; }

    /// <summary>The class in which it waits for a slot.</summary>
    public OperationPriority Priority { get; init; }

    public required StoredWorkflow Workflow { get; init; }

    /// <summary>The command as JSON, without its idempotency key.</summary>
    public required string Input { get; init; }

    /// <summary>The caller according to the token or the bus.</summary>
    public required string Caller { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string AuditAction { get; init; }

    /// <summary>Further details for the audit log, as JSON.</summary>
    public required string AuditDetail { get; init; }

    /// <summary>Whether the operation must wait for a slot of the installation. Suspensions and operators' orders need not.</summary>
    public bool NeedsSlot { get; init; } = true;

    /// <summary>How the operation waits when a scope is taken; null when the command is then refused.</summary>
    public ScopeWait? Wait { get; init; }

    /// <summary>Makes the command idempotent for its caller; null for a command without a key.</summary>
    public IdempotencyKey? Key { get; init; }

    /// <summary>Of a scheduled command: it is marked as submitted, or nothing is written.</summary>
    public ScheduleClaim? Claim { get; init; }

    /// <summary>Of a replay: the operation whose command runs again; null for a command of its own.</summary>
    public ReplayedOperation? ReplayOf { get; init; }

    /// <summary>The command's immediate changes to the registry, such as the new tenant's row. They are written first.</summary>
    public IReadOnlyList<NpgsqlBatchCommand> Effects { get; init; } = [];
}

/// <summary>An operation that was compensated or cancelled, and whose command runs again.</summary>
/// <param name="Id">The operation.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record ReplayedOperation(Guid Id, string Reason);

/// <param name="Text">Unique for one caller.</param>
/// <param name="CommandHash">Shows whether a later command with the same key is the same command.</param>
public sealed record IdempotencyKey(string Text, byte[] CommandHash);

/// <summary>The operation that a command with an idempotency key started.</summary>
public sealed record KnownCommand(byte[] CommandHash, Guid OperationId, TenantId? TenantId);
