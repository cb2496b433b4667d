using Saga.Contracts.CustomSteps;
using Saga.Engine.Waits;

namespace Saga.Engine.Workflows;

/// <summary>The rules for steps that wait.</summary>
internal static class WaitValidation
{
    /// <returns>The rule that the workflow breaks; null when it breaks none.</returns>
    public static string? FindBroken(WorkflowDefinition workflow)
    {
        foreach (var step in workflow.Steps)
        {
            if ((step.Wait is null ? OfWork(step) : OfWait(step, step.Wait, workflow.EngineLevel)) is { } broken)
                return broken;
        }

        return workflow.Steps.Where(s => s.Wait?.Signal is not null).GroupBy(s => s.Wait!.Signal, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice
            ? $"several steps wait for the signal '{twice.Key}'"
            : null;
    }

    private static string? OfWork(StepDefinition step) => step.Worker.Length == 0 ? $"step '{step.Name}' names no worker" : null;

    private static string? OfWait(StepDefinition step, WaitDefinition wait, int level)
    {
        if (step.Worker.Length > 0)
            return $"step '{step.Name}' waits, so no worker may run it";
        if (step.Kind == StepKind.Pivot)
            return $"step '{step.Name}' waits, so it cannot be the pivot";
        if (level < EngineLevel.Waits)
            return $"step '{step.Name}' waits, which needs engine level {EngineLevel.Waits}";
        if (wait.Lasts < TimeSpan.Zero || wait.AtMost <= TimeSpan.Zero)
            return $"step '{step.Name}' needs a positive time to wait";
        return wait.For switch
        {
            WaitKind.Time when wait.Lasts is null == wait.UntilOutputOf is null => $"step '{step.Name}' waits for a time, so it needs either how long or the step that says until when",
            WaitKind.Time when wait.AtMost is not null => $"step '{step.Name}' waits for a time, so it has no limit",
            not WaitKind.Time when (wait.Lasts, wait.UntilOutputOf) is not (null, null) => $"step '{step.Name}' does not wait for a time, so it has a limit instead",
            WaitKind.Signal when !CustomNames.IsSignal(wait.Signal) => $"step '{step.Name}' needs the name of its signal: it {CustomNames.SignalRule}",
            not WaitKind.Signal when wait.Signal is not null => $"step '{step.Name}' waits for no signal, so it names none",
            _ => null,
        };
    }
}
