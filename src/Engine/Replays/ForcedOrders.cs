using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Identifiers;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Replays;

/// <summary>
/// What an operator's statements about a stalled operation mean: it ends in the direction in which it stalled, every open step outside is taken
/// for what the operator says, and the steps that only write the registry run, so that it says the same. Pure.
/// </summary>
internal static class ForcedOrders
{
    /// <returns>The order in other words, and the tenant's status that follows; or what is wrong with it.</returns>
    public static ForcedOrder Expand(WorkflowDefinition workflow, Progress progress, ReplayOrder order, Direction direction)
    {
        var forward = direction == Direction.Forward;
        if ((forward ? workflow.Forced?.Completed : workflow.Forced?.Undone) is not { } follows)
        {
            return new(order, default,
                [new("/mode", $"must not be forceComplete: the command '{workflow.Kind}' does not say which status of the tenant follows when it {(forward ? "goes forward" : "is undone")} on somebody's word")]);
        }

        var states = order.States ?? new Dictionary<string, StatedEffect>();
        var open = workflow.Steps.Where(s => IsOpen(s, Run(progress, s.Name), forward)).ToList();
        var errors = new List<FieldError>();
        if (order.From is not null)
            errors.Add(new("/from", "is not for the mode forceComplete"));
        errors.AddRange(open.Where(s => !states.ContainsKey(s.Name)).Select(s => new FieldError($"/states/{s.Name}", $"is needed: {(forward ? "done" : "absent")}, because the step is open")));
        foreach (var (name, effect) in states)
        {
            if (open.Find(s => s.Name == name) is not { } step)
                errors.Add(new(FieldError.PointerTo("/states", name), $"must be a step that is open: {string.Join(", ", open.Select(s => s.Name))}"));
            else if (WhyNot(workflow, step, effect, forward) is { } why)
                errors.Add(new(FieldError.PointerTo("/states", name), why));
        }

        for (var i = 0; i < order.Skip.Count; i++)
        {
            if (!forward || states.GetValueOrDefault(order.Skip[i].Step, StatedEffect.Absent) != StatedEffect.Done)
                errors.Add(new($"/skip/{i}/step", "must be a step whose effect states says is done: here it only gives the output"));
        }

        return new(
            order with { Mode = forward ? ReplayMode.Forward : ReplayMode.Compensate, States = null, Skip = [.. open.Where(s => !s.OnlyWritesRegistry && states.ContainsKey(s.Name)).Select(Skipped)] },
            follows, errors);

        SkippedStep Skipped(StepDefinition step)
        {
            var given = order.Skip.FirstOrDefault(s => s.Step == step.Name);
            return new()
            {
                Step = step.Name,
                Reason = given?.Reason ?? (states[step.Name] == StatedEffect.Done ? "Stated as done." : "Stated as absent."),
                Output = forward ? given?.Output ?? Run(progress, step.Name).Output : null,
            };
        }
    }

    /// <summary>What is wrong with the order that the statements mean, in terms of the statements.</summary>
    public static FieldError Restated(ReplayOrder order, FieldError error)
    {
        var parts = error.Pointer.Split('/');
        var step = order.Skip[int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)].Step;
        return parts[3] == "output" ? new("/skip", $"must have the step '{step}' with its output, which {error.Detail}") : new($"/states/{step}", error.Detail);
    }

    public static IEnumerable<string> Warnings(ReplayOrder order, TenantStatus follows) =>
    [
        .. order.Skip.Select(s => $"Step '{s.Step}' is taken at your word, and nobody looks. {s.Reason}"),
        follows == TenantStatus.Active ? "The tenant is scanned for drift and verified afterwards." : "The tenant is scanned for drift afterwards.",
    ];

    private static bool IsOpen(StepDefinition step, StepRun run, bool forward) => forward ? !run.Status.IsPassed : ReplayRules.NeedsUndoing(step, run);

    private static string? WhyNot(WorkflowDefinition workflow, StepDefinition step, StatedEffect effect, bool forward) => (forward, effect) switch
    {
        (true, _) when !step.OnlyWritesRegistry && step.Wait is null && !CustomNames.IsStep(step.Name) && !workflow.Forced!.Statable.Contains(step.Name, StringComparer.Ordinal) =>
            "cannot be stated, because what the step leaves in the registry would be missing. Replay the operation, or undo it with the mode compensate",
        (true, StatedEffect.Absent) when !workflow.Forced!.Dispensable.Contains(step.Name, StringComparer.Ordinal) =>
            $"must be done: a completed operation of the kind '{workflow.Kind}' has it. Replay the operation, or undo it with the mode compensate",
        (false, StatedEffect.Done) => "must be absent: an operation that is undone leaves nothing. To leave it all the same, skip the step in the mode compensate",
        _ => null,
    };

    private static StepRun Run(Progress progress, string step) => progress.Steps.First(s => s.Name == step);
}

/// <summary>Statements in other words.</summary>
/// <param name="Order">The steps that are skipped.</param>
/// <param name="Follows">The tenant's status that follows.</param>
/// <param name="Errors">What is wrong with the statements; empty when nothing is.</param>
internal sealed record ForcedOrder(ReplayOrder Order, TenantStatus Follows, IReadOnlyList<FieldError> Errors);
