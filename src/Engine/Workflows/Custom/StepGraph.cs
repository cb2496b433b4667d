using Saga.Contracts.CustomSteps;

namespace Saga.Engine.Workflows.Custom;

/// <summary>A workflow's graph while custom steps are put into it.</summary>
internal sealed class StepGraph
{
    private readonly WorkflowDefinition workflow;
    private readonly Dictionary<string, List<string>> after;
    private readonly string? pivot;

    public StepGraph(WorkflowDefinition workflow)
    {
        this.workflow = workflow;
        after = workflow.Steps.ToDictionary(s => s.Name, s => s.After.ToList(), StringComparer.Ordinal);
        pivot = workflow.Steps.FirstOrDefault(s => s.Kind == StepKind.Pivot)?.Name;
    }

    public IReadOnlyList<string> AfterOf(string step) => after[step];

    /// <returns>Why they do not fit; null when they do.</returns>
    public CustomStepProblem? Add(IReadOnlyList<CustomStep> steps)
    {
        foreach (var step in steps)
        {
            if (workflow.Steps.Any(s => s.Name == step.Name))
                return new(step.Name, "name", $"'{step.Name}' is a step of workflow '{workflow.Kind}' already");
            after[step.Name] = [.. step.After.Distinct(StringComparer.Ordinal)];
        }

        foreach (var step in steps)
        {
            foreach (var before in step.Before)
                Connect(step.Name, before);
        }

        if (FindCycle(steps) is { } cycle)
            return cycle;
        // Each step's side of the pivot implies an edge. Those of the later side come first, because a step of the earlier one may follow them.
        return FindUndecided(steps) ?? steps.Where(s => s.AfterPivot).Select(PlaceLate).FirstOrDefault(p => p is not null)
            ?? steps.Where(s => !s.AfterPivot).Select(PlaceEarly).FirstOrDefault(p => p is not null)
            ?? steps.Select(FindMissing).FirstOrDefault(p => p is not null);
    }

    /// <summary>The steps of the workflow with their predecessors, and each custom step behind the last of its predecessors.</summary>
    public IReadOnlyList<StepDefinition> InOrder(List<StepDefinition> custom)
    {
        var steps = workflow.Steps.Select(s => s with { After = after[s.Name] }).ToList();
        // There is no cycle, so one of them has its predecessors in the list.
        while (custom.Count > 0)
        {
            var next = custom.First(c => c.After.All(a => steps.Exists(s => s.Name == a)));
            custom.Remove(next);
            steps.Insert(steps.FindLastIndex(s => next.After.Contains(s.Name, StringComparer.Ordinal)) + 1, next);
        }

        return steps;
    }

    private void Connect(string first, string then)
    {
        if (!after[then].Contains(first, StringComparer.Ordinal))
            after[then].Add(first);
    }

    private CustomStepProblem? FindUndecided(IReadOnlyList<CustomStep> steps)
    {
        if (workflow.ForwardOnly && steps.FirstOrDefault(s => !s.AfterPivot) is { } silent)
            return new(silent.Name, "afterPivot", $"workflow '{workflow.Kind}' only goes forward once it is accepted, so '{silent.Name}' could not be undone. Say afterPivot: true if it may run like that");
        return !workflow.ForwardOnly && pivot is null && steps.FirstOrDefault(s => s.AfterPivot) is { } late
            ? new(late.Name, "afterPivot", $"workflow '{workflow.Kind}' has no pivot, so nothing comes after it")
            : null;
    }

    private CustomStepProblem? PlaceLate(CustomStep step)
    {
        if (pivot is null)
            return null;
        if (step.Before.FirstOrDefault(b => b == pivot || Ancestors(pivot).Contains(b)) is { } early)
            return new(step.Name, "before", $"'{step.Name}' comes after the pivot '{pivot}', so it cannot come before '{early}', which must run until then");
        Connect(pivot, step.Name);
        return null;
    }

    private CustomStepProblem? PlaceEarly(CustomStep step)
    {
        if (pivot is null)
            return null;
        if (Path(step.Name, pivot) is { } path)
            return new(step.Name, "after", $"'{step.Name}' comes after the pivot '{pivot}' ({string.Join(" → ", path)}), from where the operation only goes forward. Say afterPivot: true if it may run there");
        Connect(step.Name, pivot);
        return null;
    }

    private CustomStepProblem? FindMissing(CustomStep step) => step.Needs.FirstOrDefault(n => !Ancestors(step.Name).Contains(n)) is { } missing
        ? new(step.Name, "needs", $"'{step.Name}' needs the output of '{missing}', which does not come before it: name it in after")
        : null;

    private CustomStepProblem? FindCycle(IReadOnlyList<CustomStep> steps)
    {
        foreach (var step in steps)
        {
            foreach (var before in after[step.Name])
            {
                if (Path(before, step.Name) is { } path)
                    return new(step.Name, step.After.Contains(before, StringComparer.Ordinal) ? "after" : "before", $"{string.Join(" → ", path.Append(step.Name))} is a cycle");
            }
        }

        return null;
    }

    private HashSet<string> Ancestors(string step)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(after[step]);
        while (open.TryPop(out var next))
        {
            if (!found.Add(next))
                continue;
            foreach (var before in after[next])
                open.Push(before);
        }

        return found;
    }

    // From a step to one that it comes after, in the order in which they run; null when it does not.
    private IReadOnlyList<string>? Path(string from, string to)
    {
        var came = new Dictionary<string, string?>(StringComparer.Ordinal) { [from] = null };
        var open = new Queue<string>([from]);
        while (open.TryDequeue(out var at))
        {
            if (at == to)
            {
                var path = new List<string>();
                for (string? step = at; step is not null; step = came[step])
                    path.Add(step);
                return path;
            }

            foreach (var before in after[at].Where(b => !came.ContainsKey(b)))
            {
                came[before] = at;
                open.Enqueue(before);
            }
        }

        return null;
    }
}
