using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Saga.Api.Failures;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Operations;
using Saga.Registry.Replays;

namespace Saga.Api.Operations;

/// <summary>An operation in a list.</summary>
public record OperationSummaryView
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>A name of <see cref="OperationState"/>, or <see cref="OperationStateNames.Unknown"/>.</summary>
    public required string State { get; init; }

    /// <summary>The stored state, if this version of the API does not know it.</summary>
    public string? StoredState { get; init; }

    /// <summary>Absent when the operation does not concern a single tenant.</summary>
    public OperationTenantView? Tenant { get; init; }

    /// <summary>The parent operation; absent when there is none.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>The operation whose command it runs again; absent when it is no such replay.</summary>
    public Guid? ReplayOf { get; init; }

    /// <summary>The newest operation that runs its command again; absent when there is none.</summary>
    public Guid? ReplayedBy { get; init; }

    /// <summary>The class in which it waits for a slot.</summary>
    public OperationPriority? Priority { get; init; }

    public required string RequestedBy { get; init; }

    public required long Version { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The failure that caused compensation or a stall.</summary>
    public FailureView? Failure { get; init; }

    /// <summary>Who cancelled it; absent when nobody did.</summary>
    public CancellationView? Cancellation { get; init; }

    /// <summary>What it waits for before it may start; absent when it has its scopes.</summary>
    public ScopeWaitView? WaitsFor { get; init; }

    /// <summary>Steps that have succeeded.</summary>
    public required int StepsSucceeded { get; init; }

    public required int StepsTotal { get; init; }

    /// <summary>For readers of JSON.</summary>
    public OperationSummaryView()
    {
    }

    [SetsRequiredMembers]
    public OperationSummaryView(Operation operation, FailureHelp help)
    {
        Id = operation.Id;
        Kind = operation.Kind;
        State = operation.State is { } state ? OperationStateNames.Of(state) : OperationStateNames.Unknown;
        StoredState = operation.UnknownState;
        Tenant = operation.TenantId is { } tenant ? new(tenant, operation.TenantSlug.ToString()!) : null;
        ParentId = operation.ParentId;
        ReplayOf = operation.ReplayOf;
        ReplayedBy = operation.ReplayedBy;
        Priority = operation.Priority;
        RequestedBy = operation.RequestedBy;
        Version = operation.Version;
        CreatedAt = operation.CreatedAt;
        UpdatedAt = operation.UpdatedAt;
        FinishedAt = operation.FinishedAt;
        Failure = FailureView.Of(operation.Failure, help);
        Cancellation = operation.Cancellation is { } cancellation ? new(cancellation.Actor, cancellation.Reason, cancellation.Code) : null;
        WaitsFor = ScopeWaitView.Of(operation.Awaits);
        StepsSucceeded = operation.Steps.Count(s => s.Status == StepStatus.Succeeded);
        StepsTotal = operation.Workflow.Steps.Count;
    }
}

/// <summary>An operation with its steps and its history, in addition to the fields in the list.</summary>
public sealed record OperationView : OperationSummaryView
{
    /// <summary>For readers of JSON.</summary>
    public OperationView()
    {
    }

    [SetsRequiredMembers]
    public OperationView(Operation operation, IReadOnlyList<HistoryLine> history, ReplayCheck? replay, FailureHelp help)
        : base(operation, help)
    {
        Replay = ReplayOutcomeView.Of(replay);
        WorkflowVersion = operation.Workflow.Version;
        var attempts = AttemptView.Of(history, help);
        Steps = [.. StepView.Of(operation.Workflow, operation.Steps, operation.UnknownStatuses, help).Select(s => s with { Attempts = attempts.GetValueOrDefault(s.Name) ?? [] })];
        Pending = PendingView.Of(operation, history);
        NextSteps = PendingView.Following(operation);
        Actions = ActionView.Of(operation, history);
        History = [.. history.Select(HistoryView.Of)];
        Events = OperationEndpoints.Address(operation.Id) + "/events";
    }

    [JsonPropertyOrder(1)]
    public required int WorkflowVersion { get; init; }

    /// <summary>What became of the newest replay; absent when it was never replayed.</summary>
    [JsonPropertyOrder(1)]
    public ReplayOutcomeView? Replay { get; init; }

    [JsonPropertyOrder(1)]
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>What it waits for now, what comes first before the others; empty when it has ended.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<PendingView> Pending { get; init; }

    /// <summary>The steps that begin when those in motion have succeeded.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<string> NextSteps { get; init; }

    /// <summary>Who did what, oldest first.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<ActionView> Actions { get; init; }

    /// <summary>Oldest first; the first 1,000 lines. The event stream has all of them.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<HistoryView> History { get; init; }

    /// <summary>The address of the event stream.</summary>
    [JsonPropertyOrder(1)]
    public required string Events { get; init; }
}

/// <summary>Who cancelled an operation, and why.</summary>
/// <param name="By">As in the audit log.</param>
/// <param name="Reason">For people.</param>
/// <param name="Code">The reason if the system cancelled it, such as <c>scope-wait-expired</c>; absent for a person's decision.</param>
public sealed record CancellationView(string By, string Reason, string? Code);

public sealed record OperationTenantView(TenantId Id, string Slug);

/// <summary>One history event. Also the data of a server-sent event.</summary>
public sealed record HistoryView
{
    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Event { get; init; }

    public string? Step { get; init; }

    public int? Attempt { get; init; }

    public JsonElement? Data { get; init; }

    public static HistoryView Of(HistoryLine line) => new()
    {
        Id = line.Id,
        At = line.At,
        Event = HistoryEvents.Current(line.Event),
        Step = line.Step,
        Attempt = line.Attempt,
        Data = line.Data,
    };
}
