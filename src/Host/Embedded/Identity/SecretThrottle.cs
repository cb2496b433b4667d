using Microsoft.Extensions.Options;

namespace Saga.Host.Embedded.Identity;

/// <summary>Counts wrong secrets per client and address in windows of a minute. Uses bounded memory. Thread-safe.</summary>
internal sealed class SecretThrottle(IOptions<EmbeddedIssuerOptions> options, TimeProvider time)
{
    private const int MostWindows = 1000;
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<(string Address, string Client), Window> windows = [];

    /// <summary>How long this client must wait, even with the right secret; null when it need not.</summary>
    public TimeSpan? Wait(string address, string client)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            return windows.TryGetValue((address, client), out var window) && window.Ends > now && window.Failures >= options.Value.FailuresPerMinute
                ? window.Ends - now
                : null;
        }
    }

    public void Failed(string address, string client)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (windows.Count >= MostWindows)
            {
                foreach (var past in windows.Where(w => w.Value.Ends <= now).Select(w => w.Key).ToList())
                    windows.Remove(past);
                // Still full: further clients share one window, so that the table does not grow.
                if (windows.Count >= MostWindows)
                    address = "*";
            }

            var window = windows.GetValueOrDefault((address, client));
            windows[(address, client)] = window is null || window.Ends <= now ? new Window(now + Length, 1) : window with { Failures = window.Failures + 1 };
        }
    }

    private sealed record Window(DateTimeOffset Ends, int Failures);
}
