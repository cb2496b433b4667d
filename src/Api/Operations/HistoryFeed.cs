using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Saga.Api.Problems;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>
/// Delivers new history lines to listeners. It runs one query for all listeners of this process four times a second, and none
/// while there are no listeners. Thread-safe.
/// </summary>
internal sealed class HistoryFeed(HistoryStore history, TimeProvider time, ILogger<HistoryFeed> log)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private const int LinesPerRead = 2000;
    private const int LinesPerListener = 256;
    private readonly Lock gate = new();
    private readonly HashSet<Listener> listeners = [];
    private bool reading;

    /// <summary>Listens, starting with the line after <paramref name="after"/> until disposed.</summary>
    public Listener Listen(Guid operation, long after)
    {
        var listener = new Listener(this, operation, after, LinesPerListener);
        lock (gate)
        {
            listeners.Add(listener);
            if (!reading)
            {
                reading = true;
                _ = Task.Run(ReadWhileHeardAsync);
            }
        }

        return listener;
    }

    private async Task ReadWhileHeardAsync()
    {
        while (true)
        {
            Listener[] present;
            lock (gate)
            {
                if (listeners.Count == 0)
                {
                    reading = false;
                    return;
                }

                present = [.. listeners];
            }

            await ReadOnceAsync(present);
            await Task.Delay(Interval, time);
        }
    }

    private async Task ReadOnceAsync(Listener[] present)
    {
        try
        {
            var behind = new bool[present.Length];
            foreach (var (asked, line) in await history.ReadAsync([.. present.Select(l => (l.Operation, l.Last))], LinesPerRead))
            {
                // A listener whose buffer is full gets the rest, in order, after it has read some lines.
                if (!behind[asked])
                    behind[asked] = !present[asked].Offer(line);
            }
        }
        catch (Exception e) when (Unavailability.IsRegistryDown(e))
        {
            ApiLog.HistoriesUnavailable(log, e.Message);
        }
        catch (Exception e)
        {
            // Listeners must not wait forever after a failure. They end, so their callers reconnect and see the error themselves.
            foreach (var listener in present)
                listener.Fail(e);
        }
    }

    internal sealed class Listener(HistoryFeed feed, Guid operation, long after, int capacity) : IDisposable
    {
        private readonly Channel<HistoryLine> lines = Channel.CreateBounded<HistoryLine>(new BoundedChannelOptions(capacity) { SingleReader = true });

        public Guid Operation => operation;

        /// <summary>The last line that was delivered. Only the feed's single reader accesses it.</summary>
        public long Last { get; private set; } = after;

        public ChannelReader<HistoryLine> Lines => lines.Reader;

        public bool Offer(HistoryLine line)
        {
            if (!lines.Writer.TryWrite(line))
                return false;
            Last = line.Id;
            return true;
        }

        public void Fail(Exception error) => lines.Writer.TryComplete(error);

        public void Dispose()
        {
            lock (feed.gate)
                feed.listeners.Remove(this);
        }
    }
}
