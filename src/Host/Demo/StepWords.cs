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

    /// <summary>How far a running step has come, such as <c>1,200 of 5,000 rows (24 %), copying orders</c>; empty if it has not said so.</summary>
    public static string Progress(StepView step)
    {
        if (step.Progress is not { } progress || !StepStatusNames.TryRead(step.Status, out var status) || !status.IsDispatched)
            return "";
        var count = string.Create(CultureInfo.InvariantCulture, $"{progress.Done:N0}{(progress.Total is { } total ? $" of {total:N0}" : "")}");
        var share = progress.Total is > 0 and var all ? string.Create(CultureInfo.InvariantCulture, $" ({100 * progress.Done / (decimal)all:0} %)") : "";
        return $"{count}{(progress.Unit is { } unit ? " " + unit : "")}{share}{(progress.Words is { } words ? ", " + words : "")}";
    }

    public static string Colour(string name) => !StepStatusNames.TryRead(name, out var status) ? "grey" : status switch
    {
        { Phase: StepPhase.Pending or StepPhase.Skipped } => "grey",
        { Phase: StepPhase.Waiting or StepPhase.Deferred or StepPhase.Awaiting } => "darkorange",
        { Direction: Direction.Forward, Phase: StepPhase.Done } => "green",
        { Direction: Direction.Forward, Phase: StepPhase.Dispatched } => "yellow",
        _ => "red",
    };
}
