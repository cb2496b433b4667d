using System.Text.Json;
using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Registry.Schedule;

namespace Saga.Api.Scheduled;

/// <summary>A command that runs at a time.</summary>
public sealed record ScheduledView
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>scheduled, submitted, refused, cancelled or rejected.</summary>
    public required string State { get; init; }

    /// <summary>Absent for a new tenant or none.</summary>
    public string? TenantId { get; init; }

    public required DateTimeOffset RunAt { get; init; }

    /// <summary>The address of the operation after whose end it runs; absent when there is none.</summary>
    public string? After { get; init; }

    /// <summary>When it is refused if it could not begin until then.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether a second person must approve it before it runs.</summary>
    public required bool NeedsApproval { get; init; }

    /// <summary>Absent until it was approved.</summary>
    public ScheduleApprovalView? Approval { get; init; }

    /// <summary>The command.</summary>
    public required JsonElement Command { get; init; }

    /// <summary>How often it was tried.</summary>
    public required int Tries { get; init; }

    /// <summary>The address of its operation, once it was submitted.</summary>
    public string? Operation { get; init; }

    /// <summary>Why it was refused, or not accepted at the last try.</summary>
    public RefusalView? Refusal { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who cancelled or rejected it.</summary>
    public string? EndedBy { get; init; }

    public string? EndReason { get; init; }

    internal static ScheduledView Of(ScheduledCommand command) => new()
    {
        Id = command.Id,
        Kind = command.Kind,
        State = command.State.ToString().ToLowerInvariant(),
        TenantId = command.TenantId?.ToString(),
        RunAt = command.RunAt,
        After = command.AfterOperation is { } after ? OperationEndpoints.Address(after) : null,
        ExpiresAt = command.ExpiresAt,
        RequestedBy = command.RequestedBy,
        CreatedAt = command.CreatedAt,
        NeedsApproval = command.NeedsApproval,
        Approval = command.Approval is { } approval ? new(approval.By, approval.Reason, approval.At) : null,
        Command = command.Command,
        Tries = command.Tries,
        Operation = command.OperationId is { } operation ? OperationEndpoints.Address(operation) : null,
        Refusal = RefusalView.Of(command.Refusal),
        EndedAt = command.EndedAt,
        EndedBy = command.EndedBy,
        EndReason = command.EndReason,
    };
}

/// <summary>A second person's approval.</summary>
public sealed record ScheduleApprovalView(string By, string Reason, DateTimeOffset At);
