using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Engine.Replays;

/// <summary>
/// What an operator's order means for a stalled operation. Pure: the preview calls it, and the operation calls it again in the
/// transaction in which it carries the order out.
/// </summary>
public static class ReplayRules
{
    public static ReplayAnswer Plan(WorkflowDefinition workflow, Progress progress, ReplayOrder order)
    {
        if (WhyNot(progress.State) is { } why)
            return new ReplayAnswer.Refused(why);
        var stalled = StalledIn(progress);
        var forced = order.Mode == ReplayMode.ForceComplete ? ForcedOrders.Expand(workflow, progress, order, stalled) : null;
        if (forced is { Errors.Count: > 0 })
            return new ReplayAnswer.Invalid(forced.Errors);
        if (forced is null && order.States is not null)
            return new ReplayAnswer.Invalid([new("/states", "is for the mode forceComplete")]);
        var meant = forced?.Order ?? order;
        var direction = meant.Mode switch
        {
            ReplayMode.Forward => Direction.Forward,
            ReplayMode.Compensate => Direction.Back,
            _ => stalled,
        };
        if (direction == Direction.Forward && stalled == Direction.Back)
            return new ReplayAnswer.Refused("The operation stalled while it was undone, and what is undone does not come back. Replay it with the mode compensate, then send its command again.");
        if (direction == Direction.Back && stalled == Direction.Forward && CancelRules.WhyNot(workflow, progress) is { } never)
            return new ReplayAnswer.Refused(never);

        var draft = new PlanDraft(workflow, progress, meant, direction, turns: direction != stalled);
        var errors = draft.Check();
        if (errors.Count > 0)
            return new ReplayAnswer.Invalid(forced is null ? errors : [.. errors.Select(e => ForcedOrders.Restated(meant, e))]);
        IReadOnlyList<ReplayedStep> steps = [.. workflow.Steps.Select(s => new ReplayedStep(s.Name, draft.ActionOf(s)))];
        return draft.WhyNothingHelps() is { } nothing
            ? new ReplayAnswer.Refused(nothing)
            : new ReplayAnswer.Planned(new()
            {
                Direction = direction,
                Skipped = meant.Skip,
                Follows = forced?.Follows,
                Steps = steps,
                Warnings = forced is null ? draft.Warnings() : [.. ForcedOrders.Warnings(meant, forced.Follows)],
                Digest = Digest(progress, order, direction, steps),
            });
    }

    private static string? WhyNot(OperationState state) => state switch
    {
        OperationState.Stalled => null,
        OperationState.Completed => "The operation has completed, so there is nothing to replay.",
        OperationState.Compensated or OperationState.Cancelled => $"The operation is {OperationStateNames.Of(state)}: what it did is undone. Replay it once more to run its command again.",
        _ => $"The operation is {OperationStateNames.Of(state)}. Only a stalled operation waits for an operator.",
    };

    // Only an operation that compensates has steps with a backward status, and skips those that never ran.
    internal static Direction StalledIn(Progress progress) =>
        progress.Steps.Any(s => s.Status.IsBack || s.Status.Phase == StepPhase.Skipped) ? Direction.Back : Direction.Forward;

    internal static bool NeedsUndoing(StepDefinition step, StepRun run) =>
        step is { Kind: StepKind.Compensatable, Wait: null } && (run.Status is { IsBack: true, Phase: StepPhase.Failed } || run.MayHaveActed);

    private static string Digest(Progress progress, ReplayOrder order, Direction direction, IReadOnlyList<ReplayedStep> steps)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(
            new { order, back = direction == Direction.Back, steps, states = progress.Steps.Select(s => new { s.Name, s.Fence, status = StepStatusNames.Shown(s.Status), answered = s.Answer?.At }) }, Json.Options);
        return Convert.ToHexStringLower(SHA256.HashData(text));
    }

    private sealed class PlanDraft(WorkflowDefinition workflow, Progress progress, ReplayOrder order, Direction direction, bool turns)
    {
        private readonly HashSet<string> repeated = order.From is { } from && workflow.Steps.Any(s => s.Name == from)
            ? [from, .. direction == Direction.Forward ? workflow.After(from) : workflow.Before(from)]
            : [];

        public ReplayAction ActionOf(StepDefinition step)
        {
            var status = Run(step.Name).Status;
            if (IsSkipped(step.Name))
                return ReplayAction.Skipped;
            if (direction == Direction.Forward)
                return status.IsPassed && !repeated.Contains(step.Name) ? ReplayAction.Reused : ReplayAction.Runs;
            return NeedsUndoing(step, Run(step.Name)) || UndoesTheAcceptance(step) || (repeated.Contains(step.Name) && status is { IsBack: true, Phase: StepPhase.Done })
                ? ReplayAction.Undone
                : ReplayAction.Stays;
        }

        public List<FieldError> Check()
        {
            var errors = new List<FieldError>();
            if (order.From is { } from && WhyNotFrom(from) is { } wrong)
                errors.Add(new("/from", wrong));
            var names = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < order.Skip.Count; i++)
            {
                var skipped = order.Skip[i];
                if (!names.Add(skipped.Step))
                    errors.Add(new($"/skip/{i}/step", "is listed twice"));
                else if (workflow.Steps.FirstOrDefault(s => s.Name == skipped.Step) is not { } step)
                    errors.Add(new($"/skip/{i}/step", UnknownStep()));
                else if (WhyNotSkipped(step) is { } why)
                    errors.Add(new($"/skip/{i}/step", why));
                else if (direction == Direction.Back && skipped.Output is not null)
                    errors.Add(new($"/skip/{i}/output", "is only for a step that others come after: nothing reads it while the operation is undone"));
                else if (direction == Direction.Forward && Reader(step) is { } reader && skipped.Output is null)
                    errors.Add(new($"/skip/{i}/output", $"is needed, because step '{reader}' reads the output of '{step.Name}'"));
                else if (skipped.Output is { ValueKind: not JsonValueKind.Object })
                    errors.Add(new($"/skip/{i}/output", "must be a JSON object"));
            }

            return errors;
        }

        public List<string> Warnings()
        {
            var warnings = new List<string>();
            foreach (var step in workflow.Steps)
            {
                var run = Run(step.Name);
                var action = ActionOf(step);
                if (action == ReplayAction.Runs && run.Status.IsPassed)
                    warnings.Add(run.Answer is null ? $"Step '{step.Name}' is done and runs again." : $"Step '{step.Name}' does not wait again: the answer of {run.Answer.By} stands.");
                if (action is ReplayAction.Runs or ReplayAction.Undone && run.Failure is { } failure && EngineFailures.OnlyStalls(failure))
                    warnings.Add($"Step '{step.Name}' stalled as '{failure.Code}': make sure that the cause is gone.");
                if (action == ReplayAction.Skipped && direction == Direction.Forward && run.Fence > 0)
                    warnings.Add($"Step '{step.Name}' is skipped, and its attempts may have taken effect. It is undone if the operation is.");
                if (action == ReplayAction.Skipped && direction == Direction.Back)
                    warnings.Add(run.UncertainAt is null ? $"What step '{step.Name}' did stays." : $"What step '{step.Name}' did stays, and it may still take effect: an attempt got no answer.");
            }

            return warnings;
        }

        // The answer to a step that waits is never taken back, so running a rejected step again would only reject it again.
        public string? WhyNothingHelps() => direction == Direction.Forward
            && workflow.Steps.FirstOrDefault(s => ActionOf(s) == ReplayAction.Runs && Run(s.Name) is { Answer.Kind: WaitAnswerKind.Rejected }) is { } rejected
            ? $"Step '{rejected.Name}' was rejected by {Run(rejected.Name).Answer!.By}, and that stands. Replay the operation with the mode compensate if it is before its pivot."
            : null;

        private string? WhyNotFrom(string from)
        {
            if (workflow.Steps.FirstOrDefault(s => s.Name == from) is not { } step)
                return UnknownStep();
            if (turns)
                return "is not for an operation that begins to be undone: all of it is";
            if (IsSkipped(from))
                return "is also skipped";
            var run = Run(from);
            if (direction == Direction.Back)
                return run.Status is { IsBack: true, Phase: StepPhase.Done or StepPhase.Failed } ? null : $"must be a step whose compensation ran; '{from}' is {run.Status}";
            if (run.Status.Phase == StepPhase.Pending)
                return $"must be a step that has begun; '{from}' has not, and runs when what it comes after is done";
            // A pivot that was dispatched may have taken effect, so nothing before it may change, and it may not become a step that never ran.
            return workflow.Steps.FirstOrDefault(s => s.Kind == StepKind.Pivot) is { } pivot && Run(pivot.Name) is { Fence: > 0 } decided
                && (step.Kind == StepKind.Compensatable || (step == pivot && decided.Status.IsPassed))
                    ? $"must come after the pivot, step '{pivot.Name}', which may have taken effect"
                    : null;
        }

        private string? WhyNotSkipped(StepDefinition step)
        {
            var run = Run(step.Name);
            if (direction == Direction.Back)
                return NeedsUndoing(step, Run(step.Name)) ? null : $"must be a step that would be undone; '{step.Name}' would not";
            if (step.Kind == StepKind.Pivot)
                return "must not be the pivot, which decides whether the operation has taken effect";
            if (step.Wait is { For: WaitKind.Approval })
                return "must not be an approval: approve or reject it";
            return run.Status.IsPassed && !repeated.Contains(step.Name) ? $"must be a step that would run; '{step.Name}' is done" : null;
        }

        // A step that runs and reads the output of the one that is skipped.
        private string? Reader(StepDefinition skipped) => workflow.Steps.FirstOrDefault(
            s => s.Needs.Contains(skipped.Name, StringComparer.Ordinal) && ActionOf(s) == ReplayAction.Runs)?.Name;

        private bool UndoesTheAcceptance(StepDefinition step) => turns && progress.WroteOnAcceptance && Run(step.Name).Status == StepStatus.Pending && BackDecisions.IsFirst(workflow, step);

        private bool IsSkipped(string step) => order.Skip.Any(s => s.Step == step);

        private string UnknownStep() => $"must be a step of the operation: {string.Join(", ", workflow.Steps.Select(s => s.Name))}";

        private StepRun Run(string name) => progress.Steps.First(s => s.Name == name);
    }
}
