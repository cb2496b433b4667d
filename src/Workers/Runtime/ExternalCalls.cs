namespace Saga.Workers.Runtime;

/// <summary>
/// The calls to external systems that an attempt is waiting for. Adapters record their calls, so that a hanging attempt can report
/// which system it was waiting for. Flows with the async context; outside an attempt nothing is recorded. Thread-safe.
/// </summary>
public sealed class ExternalCalls
{
    private static readonly AsyncLocal<ExternalCalls?> Current = new();
    private readonly Lock gate = new();
    private readonly List<string> waiting = [];

    /// <summary>The systems with pending calls, each listed once, in the order in which the calls started.</summary>
    public IReadOnlyList<string> Waiting
    {
        get
        {
            lock (gate)
                return [.. waiting.Distinct(StringComparer.Ordinal)];
        }
    }

    /// <summary>Records the calls of this async flow in the returned object from here on.</summary>
    internal static ExternalCalls Observe() => Current.Value = new ExternalCalls();

    /// <summary>Records the start of a call to the system. The call ends when the returned object is disposed.</summary>
    public static IDisposable? Begin(string system) => Current.Value?.Add(system);

    private Call Add(string system)
    {
        lock (gate)
            waiting.Add(system);
        return new Call(this, system);
    }

    private void Remove(string system)
    {
        lock (gate)
            waiting.Remove(system);
    }

    private sealed class Call(ExternalCalls calls, string system) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
                calls.Remove(system);
        }
    }
}
