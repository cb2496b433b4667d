using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;

namespace Saga.Workers.Runtime;

/// <summary>
/// A circuit per outside system. When a system is unavailable again and again, its circuit opens: steps that need
/// it are held back, at no cost of an attempt, but for one at a time that tries whether it is back. Thread-safe.
/// </summary>
internal sealed class CircuitBreakers(IOptions<WorkersOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Circuit> circuits = new(StringComparer.Ordinal);

    /// <summary>The systems that were unavailable when a step last tried them, by name.</summary>
    public IReadOnlyList<string> Open =>
        [.. circuits.Where(c => c.Value.State.CircuitState is CircuitState.Open or CircuitState.HalfOpen).Select(c => c.Key).Order(StringComparer.Ordinal)];

    /// <exception cref="CircuitOpenException">A system the work needs is held to be unavailable.</exception>
    public async Task<object?> RunAsync(
        IEnumerable<string> systems, Func<CancellationToken, Task<object?>> work, CancellationToken cancellationToken)
    {
        var guarded = work;
        foreach (var system in systems)
        {
            var circuit = circuits.GetOrAdd(system, Create);
            var inner = guarded;
            guarded = async token =>
            {
                try
                {
                    return await circuit.Pipeline.ExecuteAsync(async t => await inner(t), token);
                }
                catch (BrokenCircuitException open)
                {
                    throw new CircuitOpenException(system, open.RetryAfter ?? TimeSpan.FromSeconds(options.Value.CircuitSeconds), open.InnerException);
                }
            };
        }

        return await guarded(cancellationToken);
    }

    private Circuit Create(string system)
    {
        var state = new CircuitBreakerStateProvider();
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } error && IsOutage(system, error)),
                FailureRatio = 1.0,
                MinimumThroughput = options.Value.CircuitFailures,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = TimeSpan.FromSeconds(options.Value.CircuitSeconds),
                StateProvider = state,
            })
            .Build();
        return new(pipeline, state);
    }

    private static bool IsOutage(string system, Exception error) =>
        error is not CircuitOpenException
        && Failures.Classify(error) is { Transient: true } failure
        && failure.System == system
        && failure.Code.EndsWith("-unavailable", StringComparison.Ordinal);

    private sealed record Circuit(ResiliencePipeline Pipeline, CircuitBreakerStateProvider State);
}

internal sealed class CircuitOpenException(string system, TimeSpan retryAfter, Exception? cause)
    : Exception($"{system} is unavailable: {(cause is null ? "one step is trying it" : cause.Message)}", cause)
{
    public string System { get; } = system;

    public TimeSpan RetryAfter { get; } = retryAfter < TimeSpan.FromMilliseconds(200) ? TimeSpan.FromMilliseconds(200) : retryAfter;
}
