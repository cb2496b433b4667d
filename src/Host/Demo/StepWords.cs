using System.Globalization;
using Saga.Api.Operations;
using Saga.Engine.Operations;

namespace Saga.Host.Demo;

internal static class StepWords
{
    /// <summary>The status as the API spells it, with the attempt number from the second attempt on.</summary>
    public static string Status(StepView step)
    {
        var name = step.StoredStatus ?? step.Status;
        return step.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $"{name} (attempt {step.Attempt})") : name;
    }

    public static string Duration(StepView step) =>
        step.DurationMs is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms:0} ms") : "";

    public static string Colour(string name) => !StepStatusNames.TryRead(name, out var status) ? "grey" : status switch
    {
        { Phase: StepPhase.Pending or StepPhase.Skipped } => "grey",
        { Phase: StepPhase.Waiting or StepPhase.Deferred } => "darkorange",
        { Direction: Direction.Forward, Phase: StepPhase.Done } => "green",
        { Direction: Direction.Forward, Phase: StepPhase.Dispatched } => "yellow",
        _ => "red",
    };
}
