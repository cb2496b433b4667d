using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;
using Saga.Engine.Workflows;
using Saga.Engine.Workflows.Custom;
using Saga.Lifecycle.Intake;
using Saga.Registry.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>Checks a list of custom steps against every workflow of this version, and puts it into the registry. Thread-safe.</summary>
public sealed class CustomStepAdmission(CommandCatalogue catalogue, CustomStepStore store)
{
    /// <returns>Every broken rule of a field; if there is none, the first thing that is wrong in each workflow.</returns>
    public IReadOnlyList<FieldError> Check(IReadOnlyList<CustomStep> steps)
    {
        List<FieldError> errors = [.. CustomStepRules.Check(steps, [.. catalogue.Entries.Select(e => e.Kind)])];
        if (errors.Count > 0)
            return errors;
        foreach (var entry in catalogue.Entries)
            errors.AddRange(Check(steps, entry));
        return errors;
    }

    /// <summary>The workflows that have custom steps, for a list without errors.</summary>
    public IReadOnlyList<WorkflowDefinition> Customized(CustomStepSet set) =>
        [.. catalogue.Entries.SelectMany(e => e.Workflows).Select(w => CustomPlanning.Apply(w, set.Steps, set.Version)).Where(c => c.TakingPart.Count > 0 && c.Problem is null).Select(c => c.Workflow)];

    /// <summary>Puts a list without errors.</summary>
    /// <param name="steps">The whole list.</param>
    /// <param name="basedOn">The version that it replaces.</param>
    /// <param name="actor">Who puts it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <returns>The current list then; null when it was not <paramref name="basedOn"/> any more.</returns>
    public async Task<CustomStepSet?> PutAsync(IReadOnlyList<CustomStep> steps, int basedOn, string actor, string? reason, CancellationToken cancellationToken)
    {
        var current = await store.CurrentAsync(cancellationToken);
        // Whoever lost the answer may send the same list again.
        if (StepLists.Same(current.Steps, steps) && (current.Version == basedOn || current.Version == basedOn + 1))
            return current;
        return await store.AddAsync(basedOn, steps, digest: null, actor, reason, cancellationToken) ? await store.FindAsync(basedOn + 1, cancellationToken) : null;
    }

    private static IEnumerable<FieldError> Check(IReadOnlyList<CustomStep> steps, CommandEntry entry)
    {
        var plans = entry.Workflows.Select(w => CustomPlanning.Apply(w, steps, version: 1)).ToList();
        var part = plans.SelectMany(p => p.TakingPart).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].Workflow == entry.Kind && !part.Contains(steps[i].Name))
                yield return Stranger(steps, i, entry);
        }

        foreach (var problem in plans.Select(p => p.Problem).OfType<CustomStepProblem>().Distinct())
        {
            var index = steps.ToList().FindIndex(s => s.Workflow == entry.Kind && s.Name == problem.Step);
            yield return new(Pointer(index, problem.Field), problem.Reason);
        }
    }

    // Names the first step that no workflow has; otherwise no workflow has all of them.
    private static FieldError Stranger(IReadOnlyList<CustomStep> steps, int index, CommandEntry entry)
    {
        var step = steps[index];
        var known = entry.Workflows.SelectMany(w => w.Steps).Select(s => s.Name).Concat(steps.Where(s => s.Workflow == entry.Kind).Select(s => s.Name)).Distinct(StringComparer.Ordinal).ToList();
        foreach (var (names, field) in ((IReadOnlyList<string>, string)[])[(step.After, "after"), (step.Before, "before"), (step.Needs, "needs")])
        {
            if (names.FirstOrDefault(n => !known.Contains(n, StringComparer.Ordinal)) is { } unknown)
                return new(Pointer(index, field), $"'{unknown}' is not a step of workflow '{entry.Kind}'; there are {string.Join(", ", known)}");
        }

        return new(Pointer(index, "after"), $"no workflow of kind '{entry.Kind}' has every step that '{step.Name}' names in after, before and needs");
    }

    private static string Pointer(int index, string field) => string.Create(CultureInfo.InvariantCulture, $"/steps/{index}{(field.Length > 0 ? "/" : "")}{field}");
}
