namespace Saga.Engine.Decisions;

/// <summary>When dispatches are sent again and given up.</summary>
public sealed record DispatchRules
{
    /// <summary>When a dispatch that no worker has taken is sent again, or after the attempt's time if that is shorter. Doubles with each delivery.</summary>
    public TimeSpan RedeliverAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two deliveries, without jitter.</summary>
    public TimeSpan RedeliverAtMostEvery { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a delivery is valid. Much longer than any pause between two deliveries, so newer ones exist by then.</summary>
    public TimeSpan DeliveryLasts { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long an attempt may still run that was given up. It runs under its lease, which is not renewed any more, so this is longer than
    /// the longest lease.
    /// </summary>
    public TimeSpan NoLeaseOutlasts { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many lost workers in a row make a step poisonous, if other steps of the same worker have results in the meantime.</summary>
    public int PoisonousAfter { get; init; } = 3;

    /// <summary>The longest pause after a deferral, without jitter, unless a longer one is requested.</summary>
    public TimeSpan DeferralAtMost { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The pause after a deferral. It grows with the time that the step has been deferred, so that a long outage is probed less often, and
    /// has up to a quarter added as jitter, so that steps deferred by one outage do not all come back at once.
    /// </summary>
    /// <param name="asked">The shortest pause.</param>
    /// <param name="lasted">The time since the first deferral in a row.</param>
    /// <param name="random">A random number from 0 up to, but not including, 1.</param>
    public TimeSpan PauseAfterDeferral(TimeSpan asked, TimeSpan lasted, double random)
    {
        var grown = lasted / 8 < DeferralAtMost ? lasted / 8 : DeferralAtMost;
        return (asked > grown ? asked : grown) * (1 + (random / 4));
    }

    /// <summary>The pause after the given delivery, from 1, with up to half of it added as jitter, so that dispatches sent together are not repeated together.</summary>
    /// <param name="attemptTimeout">The step's attempt timeout.</param>
    /// <param name="delivery">The number of the delivery, from 1.</param>
    /// <param name="random">A random number from 0 up to, but not including, 1.</param>
    public TimeSpan PauseAfter(TimeSpan attemptTimeout, int delivery, double random)
    {
        var first = attemptTimeout < RedeliverAfter ? attemptTimeout : RedeliverAfter;
        // In floating point, because a doubled pause may exceed the range of TimeSpan.
        var pause = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(delivery - 1, 1000)), RedeliverAtMostEvery.TotalSeconds);
        return TimeSpan.FromSeconds(pause * (1 + (random / 2)));
    }
}
