using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using System.Collections.Concurrent;

namespace Saga.Workers.Runtime.Circuits;

/// <summary>
/// One circuit breaker per external system. While a circuit is open, steps that need the system are deferred, which costs no attempt.
/// One step at a time probes whether the system is back. Thread-safe.
/// </summary>
internal sealed partial class CircuitBreakers(IOptions<WorkersOptions> options, TimeProvider time, ILogger<CircuitBreakers> log)
{
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<string, CircuitBreaker> circuits = new(StringComparer.Ordinal);

    /// <summary>The systems that were unavailable when a step last tried them, by name.</summary>
    public IReadOnlyList<string> Open => [.. circuits.Where(c => c.Value.Why is not null).Select(c => c.Key).Order(StringComparer.Ordinal)];

    public bool IsOpen(string system) => circuits.TryGetValue(system, out var circuit) && circuit.Why is not null;

    /// <exception cref="CircuitOpenException">A system that the work needs is considered unavailable.</exception>
    public async Task<object?> RunAsync(
        IEnumerable<string> systems, Func<CancellationToken, Task<object?>> work, CancellationToken cancellationToken)
    {
        var entered = new List<(string System, CircuitBreaker Circuit, CircuitEntry Entry)>();
        Exception? error = null;
        try
        {
            foreach (var system in systems)
            {
                var circuit = circuits.GetOrAdd(system, _ => Create());
                var entry = circuit.Enter();
                if (!entry.Allowed)
                    throw new CircuitOpenException(system, entry.RetryAfter < ShortestDelay ? ShortestDelay : entry.RetryAfter, circuit.Why);
                entered.Add((system, circuit, entry));
            }

            return await work(cancellationToken);
        }
        catch (Exception thrown)
        {
            error = thrown;
            throw;
        }
        finally
        {
            foreach (var (system, circuit, entry) in entered)
                Note(system, circuit, circuit.End(entry, Verdict(system, error)));
        }
    }

    /// <summary>What the outcome of a step says about one of the systems that it needed.</summary>
    internal static CallVerdict Verdict(string system, Exception? error)
    {
        if (error is null)
            return CallVerdict.Answered;
        if (error is CircuitOpenException)
            return CallVerdict.Unknown;
        if (error is AttemptTimeoutException hung)
            return hung.Systems.Contains(system, StringComparer.Ordinal) ? CallVerdict.Failed : CallVerdict.Unknown;
        var failure = Failures.Classify(error);
        if (failure.System != system)
            return CallVerdict.Unknown;
        // One tenant's data can cause an internal server error, so it costs that tenant's attempts. Several in a row are the server's fault.
        return failure.Kind == FailureKind.Outage || failure.Code.EndsWith(FailureCodes.ServerErrorSuffix, StringComparison.Ordinal)
            ? CallVerdict.Failed
            : CallVerdict.Answered;
    }

    private CircuitBreaker Create()
    {
        var set = options.Value;
        return new(set.CircuitFailures, TimeSpan.FromSeconds(set.CircuitWindowSeconds), TimeSpan.FromSeconds(set.CircuitSeconds), time);
    }

    private void Note(string system, CircuitBreaker circuit, CircuitChange change)
    {
        if (change == CircuitChange.Opened)
            LogOpened(system, circuit.Why ?? "", options.Value.CircuitSeconds);
        else if (change == CircuitChange.Closed)
            LogClosed(system);
    }

    [LoggerMessage(EventId = 2151, Level = LogLevel.Warning,
        Message = "The circuit of {System} opened: {Why}. Steps that need it are deferred; one of them probes it every {Seconds} s.")]
    private partial void LogOpened(string system, string why, int seconds);

    [LoggerMessage(EventId = 2152, Level = LogLevel.Information, Message = "The circuit of {System} closed: it answers again.")]
    private partial void LogClosed(string system);
}

internal sealed class CircuitOpenException(string system, TimeSpan retryAfter, string? why)
    : Exception($"{system} is unavailable: {why ?? "it was a moment ago"}. One step at a time probes it.")
{
    public string System { get; } = system;

    public TimeSpan RetryAfter { get; } = retryAfter;
}
