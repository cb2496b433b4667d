using Saga.Api.Operations;
using Spectre.Console;

namespace Saga.Host.Demo;

/// <summary>Shows the steps as a table that updates in place, for terminals.</summary>
internal sealed class LiveTable(IAnsiConsole terminal) : IStepDisplay
{
    public Task ShowAsync(Func<Action<OperationView>, Task> follow)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Step", "After", "Status", "Time");
        return terminal.Live(table).StartAsync(context => follow(operation =>
        {
            table.Rows.Clear();
            foreach (var step in operation.Steps)
            {
                table.AddRow(
                    Markup.Escape(step.Name), $"[grey]{Markup.Escape(string.Join(", ", step.After))}[/]",
                    $"[{StepWords.Colour(step.Status)}]{Markup.Escape(StepWords.Status(step))}[/]{(StepWords.Progress(step) is { Length: > 0 } progress ? "\n" + Markup.Escape(progress) : "")}{(step.Failure is { } f ? "\n" + Markup.Escape(f.Message) : "")}",
                    StepWords.Duration(step));
            }

            context.Refresh();
        }));
    }
}
