using Saga.Contracts.CustomSteps;
using Saga.Contracts.Steps;
using Saga.Engine.Waits;

namespace Saga.Engine.Workflows.Custom;

/// <summary>Puts custom steps into a workflow. Pure.</summary>
/// <remarks>
/// A kind of operation may have several workflows, with other steps each. A custom step takes part in those that have every step that it
/// names.
/// </remarks>
public static class CustomPlanning
{
    private static readonly StepDefinition Usual = new() { Name = "" };

    /// <param name="workflow">A valid workflow of the product.</param>
    /// <param name="steps">All custom steps; those of other kinds of operation are left out.</param>
    /// <param name="version">The version of the list.</param>
    public static CustomizedWorkflow Apply(WorkflowDefinition workflow, IReadOnlyList<CustomStep> steps, int version)
    {
        var part = TakingPart(workflow, steps);
        IReadOnlyList<string> names = [.. part.Select(s => s.Name)];
        if (part.Count == 0)
            return new(workflow, names, null);
        if (part.Find(s => s.Wait is not null && KindOf(s.Wait) is null) is { } unknown)
            return new(workflow, names, new(unknown.Name, "wait/for", $"this version knows no waits for '{unknown.Wait!.For}'"));
        var graph = new StepGraph(workflow);
        var problem = graph.Add(part);
        if (problem is not null)
            return new(workflow, names, problem);
        var whole = workflow with
        {
            CustomStepsVersion = version,
            EngineLevel = Math.Max(workflow.EngineLevel, part.Max(LevelOf)),
            Steps = graph.InOrder(part.Select(s => Define(s, graph.AfterOf(s.Name))).ToList()),
        };
        try
        {
            return new(whole.Validated(), names, null);
        }
        catch (InvalidOperationException error)
        {
            return new(workflow, names, new(part[0].Name, "", error.Message));
        }
    }

    private static List<CustomStep> TakingPart(WorkflowDefinition workflow, IReadOnlyList<CustomStep> steps)
    {
        var part = steps.Where(s => s.Workflow == workflow.Kind).ToList();
        var known = workflow.Steps.Select(s => s.Name).Concat(part.Select(s => s.Name)).ToHashSet(StringComparer.Ordinal);
        while (part.FirstOrDefault(s => !s.After.Concat(s.Before).Concat(s.Needs).All(known.Contains)) is { } stranger)
        {
            part.Remove(stranger);
            known.Remove(stranger.Name);
        }

        return part;
    }

    private static int LevelOf(CustomStep step) => step switch
    {
        { StallAfterSeconds: not null } => EngineLevel.Progress,
        { Wait: not null } => EngineLevel.Waits,
        _ => EngineLevel.First,
    };

    private static WaitKind? KindOf(CustomWait wait) => wait.For switch
    {
        CustomWait.Approval => WaitKind.Approval,
        CustomWait.Signal => WaitKind.Signal,
        CustomWait.Time => WaitKind.Time,
        _ => null,
    };

    private static WaitDefinition Define(CustomWait wait)
    {
        var (kind, within) = (KindOf(wait)!.Value, wait.WithinSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null);
        return kind == WaitKind.Time ? new() { For = kind, Lasts = within } : new() { For = kind, Signal = wait.Name, AtMost = within };
    }

    private static StepDefinition Define(CustomStep step, IReadOnlyList<string> after)
    {
        var timeout = step.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Usual.AttemptTimeout;
        var deadline = step.DeadlineSeconds is { } limit ? TimeSpan.FromSeconds(limit) : Usual.Deadline;
        return new()
        {
            Name = step.Name,
            Worker = step.Http is null ? step.Worker ?? "" : WorkerNames.Http,
            Wait = step.Wait is { } wait ? Define(wait) : null,
            Kind = step.AfterPivot ? StepKind.Retriable : StepKind.Compensatable,
            After = after,
            Needs = step.Needs,
            NeedsInput = step.NeedsInput,
            Http = step.Http,
            MaxAttempts = step.MaxAttempts ?? Usual.MaxAttempts,
            AttemptTimeout = timeout,
            Deadline = deadline > timeout ? deadline : timeout,
            StallAfter = step.StallAfterSeconds is { } stall ? TimeSpan.FromSeconds(stall) : null,
        };
    }
}
