using Microsoft.Extensions.Options;

namespace Saga.Host.Embedded.Identity;

/// <summary>
/// Limits the guessing of secrets: wrong secrets are counted per client and over all clients in windows of a minute, wherever they come
/// from. Above a limit, one secret per second and client is still compared, so that guessing is slow, and strangers' failures do not
/// lock out who has the right secret. Thread-safe; the memory is bounded by the number of clients.
/// </summary>
internal sealed class SecretThrottle(IOptions<EmbeddedIssuerOptions> options, TimeProvider time)
{
    /// <summary>All clients together may fail this many times as often as one client.</summary>
    public const int ClientsAtOnce = 5;

    private const string All = "*";
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Window> windows = new(StringComparer.Ordinal);

    /// <summary>How long the client must wait until a secret is compared, even the right one; null when it need not.</summary>
    public TimeSpan? Wait(string client)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (!IsOver(client, now))
                return null;
            var window = Current(client, now);
            if (window.NextAt > now)
                return window.NextAt - now;
            windows[client] = window with { NextAt = now + Pause };
            return null;
        }
    }

    /// <summary>Counts a wrong secret.</summary>
    /// <returns>How long to wait; null while there were few.</returns>
    public TimeSpan? Failed(string client)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var was = IsOver(client, now);
            foreach (var name in new[] { client, All })
            {
                var window = Current(name, now);
                windows[name] = window with { Failures = window.Failures + 1 };
            }

            return was ? Pause : null;
        }
    }

    private bool IsOver(string client, DateTimeOffset now) =>
        Current(client, now).Failures >= options.Value.FailuresPerMinute || Current(All, now).Failures >= ClientsAtOnce * options.Value.FailuresPerMinute;

    private Window Current(string name, DateTimeOffset now) =>
        windows.TryGetValue(name, out var window) && window.Ends > now ? window : new Window(now + Length, 0, now);

    private sealed record Window(DateTimeOffset Ends, int Failures, DateTimeOffset NextAt);
}
