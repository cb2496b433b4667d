using System.Text;
using Saga.Contracts;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Tests.Support.Diagrams;

/// <summary>The documentation's diagrams, generated from the code.</summary>
public static class Mermaid
{
    /// <summary>The transitions between an operation's states.</summary>
    public static string States(StateTable table)
    {
        var text = Page("The states of an operation", "stateDiagram-v2", "[*] --> Accepted");
        foreach (var way in table.Transitions.GroupBy(t => (t.From, t.To)))
            Line(text, $"{way.Key.From} --> {way.Key.To}: {string.Join(", ", way.Select(t => t.Event))}");
        foreach (var end in (string[])["Completed", "Compensated", "Cancelled"])
            Line(text, $"{end} --> [*]");
        return End(text,
            """
            Submitted, Due (the sweeper) and Forgotten (a start on the in-memory bus) come from the orchestrator itself.
            Succeeded, Failed and Deferred are the workers' reports. Reports that do not change the state are not shown. Every
            state ignores events that are neither shown here nor handled within it. Stalled waits for an operator, and only
            an operator can move an operation to Cancelled.
            """);
    }

    /// <summary>The steps of a workflow with their order, kinds and workers.</summary>
    public static string Steps(WorkflowDefinition workflow)
    {
        var text = Page($"Workflow {workflow.Kind}, version {workflow.Version}", "flowchart LR");
        foreach (var step in workflow.Steps)
        {
            var label = $"{step.Name}<br/><small>{(step.Wait is { } wait ? $"waits for {Words(wait)}" : step.Worker)}</small>";
            Line(text, step.Kind switch
            {
                StepKind.Pivot => $"{step.Name}{{{{\"{label}\"}}}}",
                StepKind.Retriable => $"{step.Name}([\"{label}\"])",
                _ => $"{step.Name}[\"{label}\"]",
            });
        }

        foreach (var step in workflow.Steps)
        {
            foreach (var before in step.After)
                Line(text, $"{before} --> {step.Name}");
        }

        return End(text,
            """
            The worker is below each step's name. Boxes are compensatable: the operation undoes them in reverse order when it
            compensates. The hexagon is the pivot, after which the operation only goes forward. Rounded steps are retried
            until they succeed or stall.
            """);
    }

    /// <summary>Who sends what to whom.</summary>
    public static string Traffic(WorkflowDefinition workflow)
    {
        var text = Page("Who talks to whom", "flowchart LR",
            "api[API] -->|one transaction: operation, outbox| registry[(registry)]",
            "others[other services] -->|ProvisionTenant| commands",
            $"commands>\"{Endpoints.Commands}\"] --> orchestrator[orchestrator]",
            "orchestrator <-->|one transaction: state, history, leases, outbox| registry",
            "orchestrator -->|OperationSubmitted, OperationDue| operations",
            $"operations>\"{Endpoints.Operations}\"] --> orchestrator");
        foreach (var worker in workflow.Steps.Where(s => s.Wait is null).GroupBy(s => s.Worker))
        {
            Line(text, $"orchestrator -->|ExecuteStep, CompensateStep| q_{worker.Key}>\"{Endpoints.Worker(worker.Key)}\"]");
            Line(text, $"q_{worker.Key} --> w_{worker.Key}[\"worker {worker.Key}<br/><small>{string.Join(", ", worker.Select(s => s.Name))}</small>\"]");
            Line(text, $"w_{worker.Key} -->|StepSucceeded, StepFailed, StepDeferred| operations");
        }

        return End(text, "Flags are queues. Workers also take leases in the registry, and write there only while they hold one.");
    }

    private static string Words(WaitDefinition wait) => wait.For switch
    {
        WaitKind.Time => wait.Lasts is { } lasts ? $"{lasts:g}" : $"the time of {wait.UntilOutputOf}",
        WaitKind.Signal => $"the signal {wait.Signal}",
        _ => "an approval",
    };

    private static StringBuilder Page(string title, string kind, params string[] lines)
    {
        var text = new StringBuilder($"# {title}\n\nGenerated from the code; a test keeps it up to date.\n\n```mermaid\n{kind}\n");
        foreach (var line in lines)
            Line(text, line);
        return text;
    }

    private static void Line(StringBuilder text, string line) => text.Append("    ").Append(line).Append('\n');

    private static string End(StringBuilder text, string words) => text.Append("```\n\n").Append(words.Trim()).Append('\n').ToString();
}
