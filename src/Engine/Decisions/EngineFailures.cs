using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>The failures that the engine itself detects. Their codes are public.</summary>
public static class EngineFailures
{
    public const string AttemptTimeout = "attempt-timeout";
    public const string NoProgress = "no-progress";
    public const string WorkerLost = "worker-lost";
    public const string Poisonous = "poisonous";
    public const string DeferredTooLong = "deferred-too-long";
    public const string RejectedCode = "rejected";
    public const string WaitExpired = "wait-expired";
    public const string WaitWithoutTime = "wait-without-time";

    /// <summary>Somebody cancelled the operation.</summary>
    public const string CancelledCode = "cancelled";

    /// <summary>An operator had a stalled operation undone.</summary>
    public const string UndoneCode = "undone";

    /// <summary>The step may have taken effect, or may harm its process, so its operation stalls before and after the pivot and never compensates by itself.</summary>
    public static bool OnlyStalls(Failure failure) => failure.Code is Poisonous or DeferredTooLong;

    internal static Failure Cancelled(Cancellation cancellation) => new()
    {
        Code = cancellation.Code ?? CancelledCode,
        Message = $"Cancelled by {cancellation.Actor}: {cancellation.Reason}",
        Kind = FailureKind.Permanent,
    };

    internal static Failure Undone(ReplayRequested request) => new()
    {
        Code = UndoneCode,
        Message = $"Undone by {request.Actor}: {request.Reason}",
        Kind = FailureKind.Permanent,
    };

    internal static Failure TimedOut(StepRun step, StepDefinition definition) => definition.StallAfter is { } stall ? new()
    {
        Code = NoProgress,
        Message = $"Attempt {step.Attempt} of step '{step.Name}' made no progress for {stall:g}.",
        Remedy = "Check what the worker and the step's external system were doing at that time. The next attempt begins where this one stopped, if the step keeps checkpoints.",
        Kind = FailureKind.Transient,
    } : new()
    {
        Code = AttemptTimeout,
        Message = $"Attempt {step.Attempt} of step '{step.Name}' returned no result in time.",
        Remedy = "Check what the worker and the step's external system were doing at that time.",
        Kind = FailureKind.Transient,
    };

    internal static Failure Lost(StepRun step) => new()
    {
        Code = WorkerLost,
        Message = $"The process that ran attempt {step.Attempt} of step '{step.Name}' ended, or stopped renewing its lease, without a report.",
        Remedy = "Find out why the process ended: check its last log lines, its exit code and its memory limit.",
        Kind = FailureKind.Transient,
    };

    internal static Failure PoisonousStep(StepRun step, int times) => new()
    {
        Code = Poisonous,
        Message = $"Step '{step.Name}' lost its worker {times} times in a row, while the same worker's other steps had results.",
        Remedy = "The step probably kills its process. Check the process's last log lines and exit code, fix the cause, then replay the operation.",
        Kind = FailureKind.Permanent,
    };

    internal static Failure Deferred(StepRun step, StepDeferred last, TimeSpan limit) => new()
    {
        Code = DeferredTooLong,
        Message = $"Step '{step.Name}' was deferred for more than {limit:g} without a result. The last reason: {last.Reason}",
        Remedy = $"Make sure that {last.System} is available, then replay the operation.",
        System = last.System,
        Kind = FailureKind.Permanent,
    };

    internal static Failure Rejected(StepRun step, WaitAnswer answer) => new()
    {
        Code = RejectedCode,
        Message = $"{answer.By} rejected step '{step.Name}'{(answer.Reason is { } reason ? $": {reason}" : "")}",
        Remedy = "Settle the reason, then send the command again.",
        Kind = FailureKind.Permanent,
    };

    internal static Failure WaitedTooLong(StepRun step, WaitDefinition wait) => new()
    {
        Code = WaitExpired,
        Message = wait.For == WaitKind.Approval
            ? $"Nobody approved or rejected step '{step.Name}' within {wait.AtMost:g}."
            : $"The signal '{wait.Signal}', which step '{step.Name}' waits for, did not come within {wait.AtMost:g}.",
        Remedy = "Send the command again when the answer can be given in time.",
        Kind = FailureKind.Permanent,
    };

    internal static Failure NoTimeToWaitFor(StepRun step, WaitDefinition wait) => new()
    {
        Code = WaitWithoutTime,
        Message = $"Step '{step.Name}' waits until a time that step '{wait.UntilOutputOf}' should name, but its output has no member 'until' with a time.",
        Remedy = $"Have step '{wait.UntilOutputOf}' return the time, then send the command again.",
        Kind = FailureKind.Permanent,
    };
}
