using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Schedule;

/// <summary>A command that runs at a time.</summary>
public sealed record ScheduledCommand
{
    // No caller is called so.
    private const string OperationPrefix = "operation:";

    // A stalled operation may keep the tenant's scope, or a store may be away, for long.
    private static readonly TimeSpan FollowUpPatience = TimeSpan.FromDays(90);

    public required Guid Id { get; init; }

    /// <summary>The kind of operation that it starts.</summary>
    public required string Kind { get; init; }

    /// <summary>The tenant that it concerns; null for a new tenant or none.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The command as JSON, without its idempotency key.</summary>
    public required JsonElement Command { get; init; }

    public required DateTimeOffset RunAt { get; init; }

    /// <summary>When it is refused if it could not begin until then.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>It does not run before this operation has ended; null when there is none.</summary>
    public Guid? AfterOperation { get; init; }

    public ScheduledState State { get; init; }

    /// <summary>Whether a second person must approve it before it runs.</summary>
    public required bool NeedsApproval { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public ScheduleApproval? Approval { get; init; }

    /// <summary>How often it was tried.</summary>
    public int Tries { get; init; }

    public Guid? OperationId { get; init; }

    /// <summary>Why it was refused, or not accepted at the last try.</summary>
    public OperationRejected? Refusal { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who cancelled or rejected it.</summary>
    public string? EndedBy { get; init; }

    public string? EndReason { get; init; }

    /// <summary>Whether it follows from an operation, so that no person scheduled it.</summary>
    public bool FollowsOperation => RequestedBy.StartsWith(OperationPrefix, StringComparison.Ordinal);

    /// <summary>A command that follows from an operation and cleans up after it. It is refused when it could not begin for 90 days.</summary>
    /// <param name="kind">The kind of operation that it starts.</param>
    /// <param name="tenant">The tenant; null for a command of none.</param>
    /// <param name="command">The command, without an idempotency key.</param>
    /// <param name="operation">The operation that it follows from.</param>
    /// <param name="at">When it runs.</param>
    /// <param name="now">The registry's time.</param>
    public static ScheduledCommand FollowUp<TCommand>(string kind, TenantId? tenant, TCommand command, Guid operation, DateTimeOffset at, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = kind,
        TenantId = tenant,
        Command = JsonSerializer.SerializeToElement(command, Json.Options),
        RunAt = at,
        ExpiresAt = at + FollowUpPatience,
        NeedsApproval = false,
        RequestedBy = $"{OperationPrefix}{operation:d}",
        CreatedAt = now,
    };
}

/// <summary>A second person's approval.</summary>
public sealed record ScheduleApproval(string By, string Reason, DateTimeOffset At);

/// <summary>A scheduled command that a runner has taken.</summary>
/// <param name="Command">The command.</param>
/// <param name="Claim">Allows this runner to submit it, until another one takes it.</param>
/// <param name="Now">The registry's time.</param>
public sealed record TakenCommand(ScheduledCommand Command, ScheduleClaim Claim, DateTimeOffset Now);

/// <summary>The right to submit a scheduled command.</summary>
public sealed record ScheduleClaim(Guid Scheduled, Guid Token)
{
    /// <summary>Who scheduled the command.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>The second person who approved it; null when nobody did.</summary>
    public string? Approver { get; init; }

    /// <inheritdoc cref="ScheduledCommand.FollowsOperation"/>
    public bool FollowsOperation { get; init; }
}

/// <summary>A filter for scheduled commands; null matches all.</summary>
public sealed record ScheduleFilter
{
    public IReadOnlyList<ScheduledState>? States { get; init; }

    public string? Kind { get; init; }

    public TenantId? TenantId { get; init; }
}
