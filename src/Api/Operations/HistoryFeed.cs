using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Saga.Api.Problems;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>
/// Delivers new history lines and the progress of steps to listeners. It runs one query for all listeners of this process four times a
/// second, one more each second for progress, and none while there are no listeners. Thread-safe.
/// </summary>
internal sealed class HistoryFeed(HistoryStore history, ProgressStore progress, TimeProvider time, ILogger<HistoryFeed> log)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private const int LinesPerRead = 2000;
    private const int LinesPerListener = 256;
    private const int RoundsPerProgress = 4;
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
        for (var round = 0; ; round = (round + 1) % RoundsPerProgress)
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

            await ReadOnceAsync(present, withProgress: round == 0);
            await Task.Delay(Interval, time);
        }
    }

    private async Task ReadOnceAsync(Listener[] present, bool withProgress)
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

            if (!withProgress)
                return;
            foreach (var (asked, line) in await progress.ReadAsync([.. present.Select(l => (l.Operation, l.LastProgress))]))
                present[asked].Offer(line);
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
        private readonly Channel<FeedItem> items = Channel.CreateBounded<FeedItem>(new BoundedChannelOptions(capacity) { SingleReader = true });

        public Guid Operation => operation;

        /// <summary>The last line that was delivered. Only the feed's single reader accesses it.</summary>
        public long Last { get; private set; } = after;

        /// <summary>The time of the last progress that was delivered. Only the feed's single reader accesses it.</summary>
        public DateTimeOffset LastProgress { get; private set; } = DateTimeOffset.UnixEpoch;

        public ChannelReader<FeedItem> Items => items.Reader;

        public bool Offer(HistoryLine line)
        {
            if (!items.Writer.TryWrite(new(line, null)))
                return false;
            Last = line.Id;
            return true;
        }

        /// <summary>Progress that finds the buffer full is left out, because newer progress follows.</summary>
        public void Offer(ProgressLine line)
        {
            LastProgress = line.At;
            items.Writer.TryWrite(new(null, line));
        }

        public void Fail(Exception error) => items.Writer.TryComplete(error);

        public void Dispose()
        {
            lock (feed.gate)
                feed.listeners.Remove(this);
        }
    }
}

/// <summary>Either a history line or progress.</summary>
internal readonly record struct FeedItem(HistoryLine? Line, ProgressLine? Progress);
