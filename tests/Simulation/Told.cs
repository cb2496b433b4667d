using Saga.Contracts.Steps;

namespace Saga.Tests.Simulation;

/// <summary>The words of the trace.</summary>
internal static class Told
{
    public static string Of(object message) => message switch
    {
        ExecuteStep m => $"execute {m.Step} under {m.Fence}",
        CompensateStep m => $"compensate {m.Step} under {m.Fence}",
        StepSucceeded m => $"{m.Step} under {m.Fence} succeeded",
        StepFailed m => $"{m.Step} under {m.Fence} failed: {m.Failure.Code}{(m.OutcomeUnknown ? ", outcome unknown" : "")}",
        StepDeferred m => $"{m.Step} under {m.Fence} deferred by {m.System}{(m.OutcomeUnknown ? ", outcome unknown" : "")}",
        CancellationRequested m => $"cancel ({m.Code ?? "a person"})",
        ReplayRequested m => $"replay ({m.Order.Mode?.ToString() ?? "go on"}{(m.Order.From is { } from ? $" from {from}" : "")}{(m.Order.States is { } states ? $" where {string.Join(", ", states.Select(s => $"{s.Key} is {s.Value}"))}" : "")}{(m.Order.Skip.Count > 0 ? $" without {string.Join(", ", m.Order.Skip.Select(s => s.Step))}" : "")})",
        _ => message.GetType().Name,
    };
}
