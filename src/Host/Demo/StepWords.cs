using System.Globalization;
using System.Text.Json;
using Saga.Api.Operations;
using Saga.Engine.Operations;

namespace Saga.Host.Demo;

internal static class StepWords
{
    /// <summary>The status as the API spells it, with the attempt number from the second attempt on.</summary>
    public static string Status(StepView step)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName(step.Status.ToString());
        return step.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $"{name} (attempt {step.Attempt})") : name;
    }

    public static string Duration(StepView step) =>
        step.DurationMs is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms:0} ms") : "";

    public static string Colour(StepStatus status) => status switch
    {
        StepStatus.Succeeded => "green",
        StepStatus.Running => "yellow",
        StepStatus.Pending or StepStatus.Skipped => "grey",
        StepStatus.Waiting or StepStatus.Deferred or StepStatus.CompensationWaiting or StepStatus.CompensationDeferred => "darkorange",
        _ => "red",
    };
}
