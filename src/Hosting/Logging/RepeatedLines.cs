using Serilog.Core;
using Serilog.Events;

namespace Saga.Hosting.Logging;

/// <summary>
/// Lets a line through once while it repeats, so that an outage is one line of each kind and not several a second. After a pause
/// without the line, it is let through again. Lines that say that something has changed always pass. Thread-safe.
/// </summary>
/// <param name="pause">How long a line must not have come.</param>
internal sealed class RepeatedLines(TimeSpan pause, TimeProvider time) : ILogEventFilter
{
    private const int Kept = 200;
    private static readonly string[] Changes = ["Saga.Host.Startup.ServerRestarter", "Saga.Messaging.Pausing.Gate"];
    private readonly Dictionary<string, long> last = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public bool IsEnabled(LogEvent logEvent)
    {
        if (IsChange(logEvent))
            return true;
        var line = logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture);
        lock (gate)
        {
            var repeats = last.TryGetValue(line, out var before) && time.GetElapsedTime(before) < pause;
            if (!repeats && last.Count >= Kept)
                Forget();
            last[line] = time.GetTimestamp();
            return !repeats;
        }
    }

    private static bool IsChange(LogEvent line) =>
        line.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: string name } && Changes.Contains(name, StringComparer.Ordinal);

    private void Forget()
    {
        foreach (var line in last.Where(l => time.GetElapsedTime(l.Value) >= pause).Select(l => l.Key).ToList())
            last.Remove(line);
        if (last.Count >= Kept)
            last.Clear();
    }
}
