using Saga.Engine.Workflows;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>The boundaries of a workflow at which a process may be killed.</summary>
internal static class Boundaries
{
    /// <summary>
    /// Before and after the commit of the intake, the first commits of the orchestrator, the first message and every step. Parallel results may share a
    /// transaction, so a workflow always has only some commits.
    /// </summary>
    /// <param name="workflow">Whose steps are killed.</param>
    /// <param name="submits">Whether the killed process submits the command, and not a runner of scheduled ones.</param>
    /// <param name="commits">How many commits there always are. The start and the first result always are two.</param>
    public static IReadOnlyList<CrashPoint> Of(WorkflowDefinition workflow, bool submits = true, int commits = 2)
    {
        var points = new List<CrashPoint>();
        foreach (var end in (bool[])[false, true])
        {
            // A runner of scheduled commands that dies before the commit keeps its command back for a minute.
            if (submits || end)
                points.Add(new("Saga.Registry", "saga.intake.commit", "", false, 1, end));
            for (var commit = 1; commit <= commits; commit++)
                points.Add(new("Saga.Orchestrator", "saga.transition.commit", "", false, commit, end));
            points.Add(new("Saga.Orchestrator", "saga.outbox.publish", "", false, 1, end));
        }

        return [.. points, .. Steps(workflow)];
    }

    /// <summary>Before and after every step that a worker runs.</summary>
    public static IEnumerable<CrashPoint> Steps(WorkflowDefinition workflow) =>
        workflow.Steps.Where(s => s.Wait is null).SelectMany(s => new[] { Step(s.Name, end: false), Step(s.Name, end: true) });

    /// <param name="name">The step.</param>
    /// <param name="end">Whether it has taken effect.</param>
    public static CrashPoint Step(string name, bool end) => new("Saga.Workers", "saga.step", name, false, 1, end);
}
