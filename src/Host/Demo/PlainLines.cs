using System.Globalization;
using Saga.Api.Operations;
using Saga.Engine.Operations;

namespace Saga.Host.Demo;

/// <summary>Writes a line for each change of a step, for logs and pipes.</summary>
internal sealed class PlainLines(TextWriter output) : IStepDisplay
{
    private readonly Dictionary<string, (string Status, int Attempt)> shown = new(StringComparer.Ordinal);

    public Task ShowAsync(Func<Action<OperationView>, Task> follow) => follow(Show);

    private void Show(OperationView operation)
    {
        foreach (var step in operation.Steps)
        {
            var now = (step.Status, step.Attempt);
            if (step.Status == StepStatusNames.Pending || (shown.TryGetValue(step.Name, out var before) && before == now))
                continue;
            shown[step.Name] = now;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {step.Name,-20} {StepWords.Status(step),-12} {StepWords.Duration(step),9}{(step.Failure is { } f ? "  " + f.Message : "")}"));
        }
    }
}
