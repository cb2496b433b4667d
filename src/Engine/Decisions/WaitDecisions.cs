using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Waits;

namespace Saga.Engine.Decisions;

/// <summary>
/// Steps that wait for a time, an approval or a signal. A wait ends only when the operation is woken, also if it was answered before it
/// began, so that what follows it gets a slot like everything else that is due.
/// </summary>
internal static class WaitDecisions
{
    public static void Begin(DecisionDraft draft, StepRun step, WaitDefinition wait)
    {
        var until = UntilOf(draft, wait);
        draft.Replace(step with
        {
            Status = StepStatus.Awaiting,
            StartedAt = draft.Now,
            // Without a time there is nothing to wait for, and the step fails when the operation is woken.
            DueAt = step.Answer is not null || (wait.For == WaitKind.Time && until is null) ? draft.Now : until,
        });
        draft.Line(new(HistoryEvents.StepAwaiting, step.Name, Data: new { @for = wait.For, wait.Signal, until }));
    }

    /// <summary>
    /// Ends waits that are due: they were answered, or their time is over. Nothing else begins before all of them have ended, because one
    /// of them may have been rejected.
    /// </summary>
    public static void End(DecisionDraft draft, IReadOnlyList<StepRun> due)
    {
        foreach (var step in due)
            End(draft, step);
        if (due.Select(s => draft.Run(s.Name)).FirstOrDefault(s => s.Status == StepStatus.Failed && ForwardDecisions.MayCompensate(draft.Definition(s.Name), s.Failure!)) is { } failed)
            BackDecisions.StartCompensation(draft, failed.Name, failed.Failure!);
    }

    private static void End(DecisionDraft draft, StepRun step)
    {
        var definition = draft.Definition(step.Name);
        switch (step.Answer)
        {
            case { Kind: WaitAnswerKind.Rejected } answer:
                Fail(draft, step, EngineFailures.Rejected(step, answer));
                break;
            case { } answer:
                Succeed(draft, step, new() { How = Word(answer.Kind), By = answer.By, Reason = answer.Reason, Data = answer.Data, At = answer.At });
                break;
            case null when definition.Wait!.For != WaitKind.Time:
                Fail(draft, step, EngineFailures.WaitedTooLong(step, definition.Wait));
                break;
            case null when UntilOf(draft, definition.Wait) is null:
                Fail(draft, step, EngineFailures.NoTimeToWaitFor(step, definition.Wait));
                break;
            default:
                Succeed(draft, step, new() { How = "elapsed", At = draft.Now });
                break;
        }
    }

    private static void Succeed(DecisionDraft draft, StepRun step, WaitOutput how)
    {
        var output = JsonSerializer.SerializeToElement(how, Json.Options);
        draft.Replace(step with { Status = StepStatus.Succeeded, FinishedAt = draft.Now, DueAt = null, Output = output });
        draft.Line(new(HistoryEvents.StepSucceeded, step.Name, Data: new { output }));
    }

    private static void Fail(DecisionDraft draft, StepRun step, Failure reason)
    {
        draft.Replace(step with { Status = StepStatus.Failed, FinishedAt = draft.Now, DueAt = null, Failure = reason });
        draft.Line(new(HistoryEvents.StepFailed, step.Name, Data: new { failure = reason, final = true }));
    }

    private static DateTimeOffset? UntilOf(DecisionDraft draft, WaitDefinition wait) => wait switch
    {
        { UntilOutputOf: { } step } => draft.Run(step).Output is { ValueKind: JsonValueKind.Object } output
            && output.TryGetProperty("until", out var until) && until.ValueKind == JsonValueKind.String && until.TryGetDateTimeOffset(out var time) ? time : null,
        { For: WaitKind.Time } => draft.Now + wait.Lasts,
        _ => draft.Now + wait.AtMost,
    };

    private static string Word(WaitAnswerKind kind) => kind switch
    {
        WaitAnswerKind.Approved => "approved",
        WaitAnswerKind.Signalled => "signalled",
        _ => "ended",
    };
}
