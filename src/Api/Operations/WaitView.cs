using Saga.Engine.Operations;
using Saga.Engine.Waits;

namespace Saga.Api.Operations;

/// <summary>What a step waits for, and its answer.</summary>
public sealed record WaitView
{
    public required WaitKind For { get; init; }

    /// <summary>The signal's name.</summary>
    public string? Signal { get; init; }

    /// <summary>While it waits: when the wait ends, or when the step fails without an answer. Absent without a limit.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Absent until it was answered. A signal may come before the step waits.</summary>
    public WaitAnswerView? Answer { get; init; }

    internal static WaitView Of(WaitDefinition wait, StepRun run) => new()
    {
        For = wait.For,
        Signal = wait.Signal,
        Until = run.Status.IsAwaiting && run.Answer is null ? run.DueAt : null,
        Answer = run.Answer is { } answer ? new() { Kind = answer.Kind, By = answer.By, Reason = answer.Reason, At = answer.At } : null,
    };
}

/// <summary>An approval, a rejection, a signal or an early end.</summary>
public sealed record WaitAnswerView
{
    public required WaitAnswerKind Kind { get; init; }

    public required string By { get; init; }

    public string? Reason { get; init; }

    public required DateTimeOffset At { get; init; }
}
