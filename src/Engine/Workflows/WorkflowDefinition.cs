using System.Text.Json.Serialization;

namespace Saga.Engine.Workflows;

/// <summary>
/// The steps of one kind of operation. An operation keeps the definition that it started with, so that changes do not affect running
/// operations.
/// </summary>
public sealed record WorkflowDefinition
{
    /// <summary>The kind of operation, such as <c>provision</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Grows with every change of the list.</summary>
    public required int Version { get; init; }

    /// <summary>
    /// The engine level that the workflow needs. Raise it when the workflow uses features that the previous version's orchestrators
    /// cannot run. They then leave its operations to newer ones.
    /// </summary>
    public int EngineLevel { get; init; } = Saga.Engine.EngineLevel.First;

    /// <summary>
    /// Whether accepting the command is already the pivot, as for a suspension, whose hold stands from then on. Every step is then
    /// retriable, and the operation cannot be cancelled.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ForwardOnly { get; init; }

    /// <summary>What follows when an operator states what is there; null when nothing does, so that the operation cannot be forced to its end.</summary>
    public ForcedEnds? Forced { get; init; }

    /// <summary>The version of the list of custom steps that were put into the workflow; null when it has none.</summary>
    public int? CustomStepsVersion { get; init; }

    public required IReadOnlyList<StepDefinition> Steps { get; init; }

    /// <summary>
    /// Checks that names are unique and times are within their bounds, that <c>after</c> names known steps without a cycle, that a step
    /// needs outputs only of steps before it, and that the pivot, if there is one, comes after every compensatable step and before every retriable one.
    /// If the operation only goes forward, every step is retriable.
    /// </summary>
    /// <exception cref="InvalidOperationException">A rule is broken; the message names the step.</exception>
    public WorkflowDefinition Validated()
    {
        var steps = new Dictionary<string, StepDefinition>(StringComparer.Ordinal);
        foreach (var step in Steps)
        {
            if (!steps.TryAdd(step.Name, step))
                throw Broken($"step '{step.Name}' is listed twice");
            if (step.MaxAttempts < 1 || step.AttemptTimeout <= TimeSpan.Zero || step.Deadline < step.AttemptTimeout)
                throw Broken($"step '{step.Name}' needs at least one attempt, and a deadline not below its attempt timeout");
            if (step.CompensationDeadline <= TimeSpan.Zero)
                throw Broken($"step '{step.Name}' needs a positive time for its compensation");
            if (step.AttemptTimeout > TimeSpan.FromDays(1))
                throw Broken($"step '{step.Name}' may take more than a day for one attempt");
            if (step.StallAfter <= TimeSpan.Zero || step.StallAfter > TimeSpan.FromDays(1))
                throw Broken($"step '{step.Name}' needs a time without progress of at most a day");
            if (step.StallAfter is not null && step.Wait is not null)
                throw Broken($"step '{step.Name}' waits, so it makes no progress");
            if (step.StallAfter is not null && EngineLevel < Saga.Engine.EngineLevel.Progress)
                throw Broken($"step '{step.Name}' ends without progress, which needs engine level {Saga.Engine.EngineLevel.Progress}");
            if (step.DeferredAtMost <= TimeSpan.Zero)
                throw Broken($"step '{step.Name}' needs a positive time for which it may be deferred");
        }

        if (steps.Count == 0)
            throw Broken("it has no steps");
        if (WaitValidation.FindBroken(this) is { } broken)
            throw Broken(broken);
        if (EngineLevel < Saga.Engine.EngineLevel.First)
            throw Broken($"its engine level is below {Saga.Engine.EngineLevel.First}");
        var ancestors = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var step in Steps)
            Ancestors(step.Name, steps, ancestors, []);

        foreach (var step in Steps)
        {
            if (step.Needs.FirstOrDefault(n => !ancestors[step.Name].Contains(n)) is { } missing)
                throw Broken($"step '{step.Name}' needs the output of '{missing}', which does not come before it");
        }

        foreach (var step in Steps)
        {
            if (step.Wait?.UntilOutputOf is { } source && !ancestors[step.Name].Contains(source))
                throw Broken($"step '{step.Name}' waits until a time of '{source}', which does not come before it");
        }

        var pivots = Steps.Where(s => s.Kind == StepKind.Pivot).ToList();
        if (pivots.Count > 1)
            throw Broken("it has more than one pivot");
        if (ForwardOnly)
        {
            return Steps.FirstOrDefault(s => s.Kind != StepKind.Retriable) is { } other
                ? throw Broken($"step '{other.Name}' must be retriable, because the operation only goes forward")
                : this;
        }

        foreach (var step in Steps)
        {
            if (step.Kind == StepKind.Retriable && !(pivots.Count == 1 && ancestors[step.Name].Contains(pivots[0].Name)))
                throw Broken($"retriable step '{step.Name}' must come after the pivot");
            if (step.Kind == StepKind.Compensatable && pivots.Count == 1 && !ancestors[pivots[0].Name].Contains(step.Name))
                throw Broken($"compensatable step '{step.Name}' must come before the pivot");
        }

        return this;
    }

    /// <summary>The steps that must be done before this one, directly or through others.</summary>
    public IReadOnlySet<string> Before(string step) => Ancestors(step, Steps.ToDictionary(s => s.Name, StringComparer.Ordinal), [], []);

    /// <summary>The steps that come after this one, directly or through others.</summary>
    public IReadOnlySet<string> After(string step) => Steps.Where(s => Before(s.Name).Contains(step)).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);

    private HashSet<string> Ancestors(
        string name, Dictionary<string, StepDefinition> steps, Dictionary<string, HashSet<string>> known, HashSet<string> path)
    {
        if (known.TryGetValue(name, out var found))
            return found;
        if (!path.Add(name))
            throw Broken($"step '{name}' comes after itself");
        var all = new HashSet<string>(StringComparer.Ordinal);
        foreach (var before in steps[name].After)
        {
            if (!steps.ContainsKey(before))
                throw Broken($"step '{name}' comes after '{before}', which is not a step");
            all.Add(before);
            all.UnionWith(Ancestors(before, steps, known, path));
        }

        path.Remove(name);
        return known[name] = all;
    }

    private InvalidOperationException Broken(string rule) =>
        new($"Workflow '{Kind}' version {Version} is invalid: {rule}.");
}
