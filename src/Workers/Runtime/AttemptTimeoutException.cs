using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;

namespace Saga.Workers.Runtime;

/// <summary>An attempt was still running when its time was over, or made no progress for too long.</summary>
/// <param name="step">The step.</param>
/// <param name="attempt">The attempt's number.</param>
/// <param name="systems">The external systems that it was waiting for.</param>
/// <param name="cause">The cancellation.</param>
/// <param name="stalledFor">How long it made no progress; null for an attempt with a fixed end.</param>
internal sealed class AttemptTimeoutException(string step, int attempt, IReadOnlyList<string> systems, Exception cause, TimeSpan? stalledFor = null)
    : Exception(Words(step, attempt, systems, stalledFor), cause)
{
    public IReadOnlyList<string> Systems { get; } = systems;

    public Failure Failure => new()
    {
        Code = stalledFor is null ? EngineFailures.AttemptTimeout : EngineFailures.NoProgress,
        Message = Message,
        Remedy = "Check what the external system was doing at that time. If it answers but slowly, give the step more time.",
        System = Systems.Count > 0 ? Systems[0] : null,
        Kind = FailureKind.Transient,
    };

    private static string Words(string step, int attempt, IReadOnlyList<string> systems, TimeSpan? stalledFor) => stalledFor is { } stalled
        ? $"Attempt {attempt} of step '{step}' made no progress for {stalled:g}{(systems.Count == 0 ? "" : $", waiting for {string.Join(" and ", systems)}")}."
        : systems.Count == 0
        ? $"Attempt {attempt} of step '{step}' had not finished when its time was over."
        : $"Attempt {attempt} of step '{step}' was still waiting for {string.Join(" and ", systems)} when its time was over.";
}
