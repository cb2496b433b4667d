using System.Text.Json;
using Saga.Api.Failures;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Api.Operations;

/// <summary>One step: its place in the graph and its progress.</summary>
public sealed record StepView
{
    public required string Name { get; init; }

    /// <summary>Absent for a step that waits.</summary>
    public string? Worker { get; init; }

    public required StepKind Kind { get; init; }

    /// <summary>The steps that must succeed first.</summary>
    public required IReadOnlyList<string> After { get; init; }

    /// <summary>A name of <see cref="StepStatusNames"/>, or <see cref="StepStatusNames.Unknown"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The stored status, if this version of the API does not know it.</summary>
    public string? StoredStatus { get; init; }

    /// <summary>Attempts in the current direction; 0 before the first.</summary>
    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? DispatchedAt { get; init; }

    /// <summary>When running: the end of the attempt's time. When waiting or deferred: when the next attempt is dispatched. When awaiting: when the wait ends.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>From the first dispatch to the end.</summary>
    public double? DurationMs { get; init; }

    public FailureView? Failure { get; init; }

    /// <summary>The external system that the deferred step waits for.</summary>
    public string? DeferredBy { get; init; }

    /// <summary>The former name of <see cref="DeferredBy"/>, also shown for one version.</summary>
    public string? HeldBy => DeferredBy;

    public JsonElement? Output { get; init; }

    /// <summary>How far the newest attempt has come; absent when the step has not said so.</summary>
    public ProgressView? Progress { get; init; }

    /// <summary>What the step waits for; absent for a step that a worker runs.</summary>
    public WaitView? Wait { get; init; }

    /// <summary>Its attempts in both directions, oldest first, as far as the history shown has them; absent in previews.</summary>
    public IReadOnlyList<AttemptView>? Attempts { get; init; }

    /// <param name="workflow">The steps.</param>
    /// <param name="runs">The state of each step, in the same order.</param>
    /// <param name="unknown">The statuses that this version does not know, by step.</param>
    /// <param name="help">The pages about failures; none is needed for steps that have not begun.</param>
    public static IReadOnlyList<StepView> Of(WorkflowDefinition workflow, IReadOnlyList<StepRun> runs, IReadOnlyDictionary<string, string>? unknown = null, FailureHelp? help = null) =>
        [.. workflow.Steps.Zip(runs, (step, run) => Of(step, run, unknown?.GetValueOrDefault(run.Name), help))];

    private static StepView Of(StepDefinition step, StepRun run, string? unknown, FailureHelp? help) => new()
    {
        Name = step.Name,
        Worker = step.Wait is null ? step.Worker : null,
        Kind = step.Kind,
        After = step.After,
        Status = unknown is null ? StepStatusNames.Shown(run.Status) : StepStatusNames.Unknown,
        StoredStatus = unknown,
        Attempt = run.Attempt,
        MaxAttempts = step.MaxAttempts,
        StartedAt = run.StartedAt,
        DispatchedAt = run.DispatchedAt,
        DueAt = run.DueAt,
        Deadline = run.Deadline,
        FinishedAt = run.FinishedAt,
        DurationMs = (run.FinishedAt - run.StartedAt)?.TotalMilliseconds,
        Failure = FailureView.Of(run.Failure, help),
        DeferredBy = run.DeferredBy,
        Output = run.Output,
        Progress = run is { Progress: { } progress, ProgressedAt: { } at } ? ProgressView.Of(progress, at) : null,
        Wait = step.Wait is { } wait ? WaitView.Of(wait, run) : null,
    };
}
