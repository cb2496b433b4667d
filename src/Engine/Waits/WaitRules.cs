using System.Globalization;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Waits;

/// <summary>Finds the step that an answer is for. Pure: the caller has locked the operation.</summary>
public static class WaitRules
{
    /// <param name="workflow">The operation's workflow.</param>
    /// <param name="state">The operation's state.</param>
    /// <param name="steps">Its steps, in the workflow's order.</param>
    /// <param name="request">The answer.</param>
    public static WaitMatch Match(WorkflowDefinition workflow, OperationState state, IReadOnlyList<StepRun> steps, WaitRequest request)
    {
        var waits = workflow.Steps.Zip(steps).Where(s => s.First.Wait is not null).Select(s => new Candidate(s.First, s.Second)).ToList();
        var match = request.Answer.Kind switch
        {
            WaitAnswerKind.Signalled => Signal(waits, request),
            WaitAnswerKind.Ended => End(waits, request),
            _ => Decide(waits, request),
        };
        // An answer whose wait is over may come again, because its sender got no reply.
        return match is not WaitMatch.Found || state is OperationState.Accepted or OperationState.Running or OperationState.Stalled
            ? match
            : new WaitMatch.Unmatched(state == OperationState.Compensating
                ? "The operation compensates, so none of its steps waits any more."
                : $"The operation has ended ({OperationStateNames.Of(state)}), so none of its steps waits any more.");
    }

    private static WaitMatch Signal(List<Candidate> waits, WaitRequest request)
    {
        var signals = waits.FindAll(w => w.Wait.For == WaitKind.Signal);
        if (signals.Find(w => w.Wait.Signal == request.Signal) is not { } found)
        {
            return new WaitMatch.Unmatched(signals.Count == 0
                ? $"The operation waits for no signal '{request.Signal}', and for no other."
                : $"The operation waits for no signal '{request.Signal}'. Its signals are {string.Join(", ", signals.Select(s => $"'{s.Wait.Signal}'"))}.");
        }

        return found.IsOpen ? new WaitMatch.Found(found.Name, found.IsAwaiting) : found.Closed(request.Answer);
    }

    private static WaitMatch Decide(List<Candidate> waits, WaitRequest request)
    {
        var approvals = waits.FindAll(w => w.Wait.For == WaitKind.Approval);
        if (request.Step is { } name)
        {
            if (approvals.Find(w => w.Name == name) is not { } named)
                return new WaitMatch.Unmatched($"The operation has no step '{name}' that waits for an approval.");
            if (named is { IsOpen: true, IsAwaiting: false })
                return new WaitMatch.Unmatched($"Step '{name}' does not wait for its approval yet.");
            return named.IsOpen ? new WaitMatch.Found(name, Awaiting: true) : named.Closed(request.Answer);
        }

        var open = approvals.FindAll(w => w is { IsAwaiting: true, IsOpen: true });
        if (open.Count == 1)
            return new WaitMatch.Found(open[0].Name, Awaiting: true);
        if (open.Count > 1)
            return new WaitMatch.Unmatched($"Several steps wait for an approval: name one of {string.Join(", ", open.Select(w => $"'{w.Name}'"))} as step.");
        // The one that was answered last explains the refusal best.
        return approvals.Where(w => w.Run.Answer is not null).MaxBy(w => w.Run.Answer!.At)?.Closed(request.Answer)
            ?? new WaitMatch.Unmatched("No step of the operation waits for an approval.");
    }

    private static WaitMatch End(List<Candidate> waits, WaitRequest request)
    {
        if (waits.Find(w => w.Name == request.Step) is not { } found)
            return new WaitMatch.Unmatched($"The operation has no step '{request.Step}' that waits.");
        if (found.Wait.For == WaitKind.Approval)
            return new WaitMatch.Unmatched($"Step '{found.Name}' waits for an approval: approve or reject it.");
        if (found is { IsOpen: true, IsAwaiting: false })
            return new WaitMatch.Unmatched($"Step '{found.Name}' does not wait yet.");
        return found.IsOpen ? new WaitMatch.Found(found.Name, Awaiting: true) : found.Closed(request.Answer);
    }

    private sealed record Candidate(StepDefinition Definition, StepRun Run)
    {
        public string Name => Definition.Name;

        public WaitDefinition Wait => Definition.Wait!;

        public bool IsAwaiting => Run.Status.IsAwaiting;

        /// <summary>Whether it may still be answered.</summary>
        public bool IsOpen => Run.Answer is null && (IsAwaiting || Run.Status == StepStatus.Pending);

        public WaitMatch Closed(WaitAnswer answer)
        {
            if (Run.Answer is not { } given)
                return new WaitMatch.Unmatched($"Step '{Name}' does not wait any more.");
            return given.Repeats(answer)
                ? new WaitMatch.Repeated(Name)
                : new WaitMatch.Unmatched(string.Create(CultureInfo.InvariantCulture, $"Step '{Name}' was {Word(given.Kind)} by {given.By} at {given.At:u} already."));
        }

        private static string Word(WaitAnswerKind kind) => kind switch
        {
            WaitAnswerKind.Approved => "approved",
            WaitAnswerKind.Rejected => "rejected",
            WaitAnswerKind.Ended => "ended early",
            _ => "signalled",
        };
    }
}
