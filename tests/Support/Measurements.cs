using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Saga.Tests.Support;

/// <summary>What this process reports of one instrument, from all hosts.</summary>
public sealed class Measurements : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly ConcurrentQueue<(long Value, IReadOnlyDictionary<string, object?> Tags)> seen = new();

    public Measurements(string instrument)
    {
        listener.InstrumentPublished = (published, self) =>
        {
            if (published.Name == instrument)
                self.EnableMeasurementEvents(published);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => seen.Enqueue((value, tags.ToArray().ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal))));
        listener.Start();
    }

    /// <summary>Reads the observable instruments once, and returns everything that was measured since the last call.</summary>
    public IReadOnlyList<(long Value, IReadOnlyDictionary<string, object?> Tags)> Take()
    {
        listener.RecordObservableInstruments();
        var taken = new List<(long, IReadOnlyDictionary<string, object?>)>();
        while (seen.TryDequeue(out var next))
            taken.Add(next);
        return taken;
    }

    public void Dispose() => listener.Dispose();
}
