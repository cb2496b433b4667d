using System.Runtime.CompilerServices;
using Saga.Engine.Decisions;
using Saga.Lifecycle.Provision;
using Saga.Orchestrator.Machine;
using Saga.Tests.Support;
using Saga.Tests.Support.Diagrams;
using Saga.Tests.Unit.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>docs/diagrams matches the code. SAGA_UPDATE_DOCS=1 regenerates it.</summary>
public sealed class When_diagrams_are_drawn
{
    [Fact]
    public void Should_show_the_states() =>
        Pin("operation-states.md", Mermaid.States(new StateTable(new OperationStateMachine(new OperationEngine(() => 0)))));

    [Fact]
    public void Should_show_the_steps_of_every_command()
    {
        // The first of a command's workflows is the usual one; the others have numbers.
        foreach (var command in Catalogue.Workflows.GroupBy(w => w.Kind, StringComparer.Ordinal))
        {
            foreach (var (number, workflow) in command.Index())
                Pin(number == 0 ? $"{workflow.Kind}-workflow.md" : $"{workflow.Kind}-workflow-{number + 1}.md", Mermaid.Steps(workflow));
        }
    }

    [Fact]
    public void Should_show_who_talks_to_whom() => Pin("messages.md", Mermaid.Traffic(ProvisionWorkflow.Definition));

    private static void Pin(string name, string drawn, [CallerFilePath] string source = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "..", "docs", "diagrams", name));
        if (Environment.GetEnvironmentVariable("SAGA_UPDATE_DOCS") == "1")
            File.WriteAllText(file, drawn);
        (File.Exists(file) ? File.ReadAllText(file) : "").ShouldBe(drawn, $"docs/diagrams/{name} does not match the code: run with SAGA_UPDATE_DOCS=1");
    }
}
