using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Tests.Simulation;

/// <summary>A call to an external system that has not taken effect yet.</summary>
internal sealed class Call(SimulatedOperation operation, string step, long fence, bool back, DateTimeOffset at)
{
    public SimulatedOperation Operation { get; } = operation;

    public string Step { get; } = step;

    public long Fence { get; } = fence;

    public bool Back { get; } = back;

    /// <summary>It takes effect until then, or never.</summary>
    public DateTimeOffset EndsAt { get; } = at;

    public bool HasLanded { get; set; }

    /// <summary>Whether its worker still waits for the answer.</summary>
    public bool IsAwaited { get; set; } = true;
}

/// <summary>The external systems. What a step did exists there or does not, whatever the registry says.</summary>
internal sealed class Outside(World world)
{
    private readonly Dictionary<(Guid Operation, string Step), (bool Exists, long UndoneUnder)> effects = [];
    private readonly HashSet<(Guid Operation, string Step, long Fence)> begun = [];

    public List<Call> Calls { get; } = [];

    public bool Exists(Guid operation, string step) => effects.GetValueOrDefault((operation, step)).Exists;

    /// <summary>An attempt begins to work under a fencing token.</summary>
    public void Begin(Guid operation, string step, long fence) =>
        Promises.Hold(begun.Add((operation, step, fence)), $"{world.NameOf(operation)}: {step} is worked on once under fencing token {fence}");

    public void Land(Call call)
    {
        call.HasLanded = true;
        Calls.Remove(call);
        Act(call.Operation, call.Step, call.Fence, call.Back);
    }

    /// <summary>It never takes effect.</summary>
    public void Drop(Call call) => Calls.Remove(call);

    public void Act(SimulatedOperation operation, string step, long fence, bool back)
    {
        var key = (operation.Id, step);
        var (exists, undoneUnder) = effects.GetValueOrDefault(key);
        world.Say($"outside: {operation.Name} {step} {(back ? "is removed" : "exists")} (under {fence})");
        if (back)
        {
            Undo(operation, step);
            effects[key] = (false, Math.Max(undoneUnder, fence));
            return;
        }

        if (!exists)
            Do(operation, step, fence, undoneUnder);
        effects[key] = (true, undoneUnder);
    }

    private void Do(SimulatedOperation operation, string step, long fence, long undoneUnder)
    {
        Promises.Hold(
            undoneUnder < fence || operation.Lingers[step] > TimeSpan.Zero,
            $"{operation.Name}: {step} does not act under fencing token {fence} after its compensation under {undoneUnder}");
        Promises.Hold(
            operation.Known.State is not (OperationState.Compensated or OperationState.Cancelled) || operation[step].Status == StepStatus.CompensationWaived,
            $"{operation.Name}: nothing of {step} appears after the operation was undone");
        // An operator who waives a compensation answers for what its step may still do.
        foreach (var before in operation[step].Status == StepStatus.CompensationWaived ? [] : StandsOn(operation, operation.Definition(step)))
        {
            Promises.Hold(
                Exists(operation.Id, before) || operation[before].Status.Phase == StepPhase.Waived,
                $"{operation.Name}: {step} acts after {before}, which it stands on, has acted");
        }
    }

    private void Undo(SimulatedOperation operation, string step)
    {
        var pivot = operation.Workflow.Steps.FirstOrDefault(s => s.Kind == StepKind.Pivot);
        Promises.Hold(pivot is null || !Exists(operation.Id, pivot.Name), $"{operation.Name}: {step} is not undone after the pivot has taken effect");
        foreach (var above in operation.Workflow.Steps.Where(s => StandsOn(operation, s).Contains(step)))
        {
            Promises.Hold(
                !Exists(operation.Id, above.Name) || operation[above.Name].Status == StepStatus.CompensationWaived,
                $"{operation.Name}: {step} is undone after {above.Name}, which stands on it");
        }
    }

    // Waits do nothing, so what comes after them stands on what they come after.
    private static IEnumerable<string> StandsOn(SimulatedOperation operation, StepDefinition step)
    {
        foreach (var name in step.After)
        {
            var before = operation.Definition(name);
            if (before.Wait is null)
                yield return name;
            else
            {
                foreach (var further in StandsOn(operation, before))
                    yield return further;
            }
        }
    }
}
