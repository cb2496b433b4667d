using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Saga.Host.Embedded.Identity;

/// <summary>
/// Counts wrong secrets, per client and over all clients, in windows of a minute. Above a limit a wrong secret is answered with 429.
/// <para>
/// The right secret always passes. Every secret is compared first, because anything that comes before the comparison, such as a
/// limit per address or a number of comparisons per second, can be used up by a stranger: the client's name is public, and on one machine
/// a stranger can use the client's address. Whoever sends the right secret is through, so a guesser learns no more from a refusal than that
/// the guess was wrong. What bounds guessing is the secret: the generated ones have 256 random bits, and
/// <see cref="EmbeddedIssuerOptions"/> refuses configured ones that are short or repeat a few characters.
/// </para>
/// Thread-safe; the memory is bounded by the number of clients.
/// </summary>
internal sealed partial class SecretThrottle(IOptions<EmbeddedIssuerOptions> options, TimeProvider time, ILogger<SecretThrottle> log)
{
    /// <summary>All clients together may fail this many times as often as one client.</summary>
    public const int ClientsAtOnce = 5;

    private const string All = "*";
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Window> windows = new(StringComparer.Ordinal);

    /// <summary>Counts a wrong secret.</summary>
    /// <param name="client">A client that exists, or the empty text for all others.</param>
    /// <returns>How long the window lasts that has too many; null while there were few.</returns>
    public TimeSpan? Failed(string client)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var (own, all) = (Count(client, now), Count(All, now));
            var limit = options.Value.FailuresPerMinute;
            // Once a window.
            if (own.Failures == limit + 1)
                LogGuessed(client.Length == 0 ? "(none that exists)" : client, limit);
            var over = own.Failures > limit ? own : all.Failures > ClientsAtOnce * limit ? all : null;
            return over?.Ends - now;
        }
    }

    private Window Count(string name, DateTimeOffset now)
    {
        var window = windows.TryGetValue(name, out var current) && current.Ends > now ? current : new Window(now + Length, 0);
        return windows[name] = window with { Failures = window.Failures + 1 };
    }

    private sealed record Window(DateTimeOffset Ends, long Failures);

    [LoggerMessage(EventId = 2660, Level = LogLevel.Warning,
        Message = "More than {Limit} wrong secrets of client {Client} within a minute. Somebody is guessing, or the client has an old secret; the right one still passes.")]
    private partial void LogGuessed(string client, int limit);
}
