namespace Saga.Registry.Sweep;

/// <summary>
/// Measures the time in which the engine did not run, or in which the registry's clock jumped. Transitions extend deadlines by it.
/// Thread-safe; any number may beat.
/// </summary>
public interface IDowntimeStore
{
    /// <summary>
    /// Records that the engine runs. If the previous beat is further away than <see cref="Downtime.Pause"/>, the time since then is
    /// downtime. If the clock was set back, due times and leases move with it, because operations would sleep until it has caught up.
    /// </summary>
    /// <returns>The downtime that ended now, negative if the clock was set back; zero if there was none.</returns>
    Task<TimeSpan> BeatAsync(CancellationToken cancellationToken);
}

/// <summary>The rule for downtime.</summary>
public static class Downtime
{
    /// <summary>The interval between beats.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(5);

    /// <summary>A shorter silence counts as work. Longer than a pause of a process or a fail-over takes, and much shorter than any deadline.</summary>
    public static TimeSpan Pause { get; } = TimeSpan.FromSeconds(30);

    /// <returns>The downtime since the last beat; zero if the engine ran.</returns>
    public static TimeSpan Since(DateTimeOffset? beat, DateTimeOffset now) => now - beat is { } gap && gap.Duration() > Pause ? gap : TimeSpan.Zero;
}
