namespace Saga.Workers.Runtime;

/// <summary>
/// The calls to external systems that an attempt is waiting for. Adapters note their calls, so that an attempt that hangs until its
/// end can say for whom. Flows with the asynchronous context; outside an attempt nothing is noted. Thread-safe.
/// </summary>
public sealed class ExternalCalls
{
    private static readonly AsyncLocal<ExternalCalls?> Current = new();
    private readonly Lock gate = new();
    private readonly List<string> waiting = [];

    /// <summary>The systems that are being waited for now, each once, in the order in which the calls began.</summary>
    public IReadOnlyList<string> Waiting
    {
        get
        {
            lock (gate)
                return [.. waiting.Distinct(StringComparer.Ordinal)];
        }
    }

    /// <summary>From here on the calls of this flow are noted in the returned object.</summary>
    internal static ExternalCalls Observe() => Current.Value = new ExternalCalls();

    /// <summary>A call to the system begins; it ends when the returned object is disposed.</summary>
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
