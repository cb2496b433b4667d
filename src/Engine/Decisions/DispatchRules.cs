namespace Saga.Engine.Decisions;

/// <summary>How dispatches are sent, sent again, and given up.</summary>
public sealed record DispatchRules
{
    /// <summary>After this long without a worker that takes it, a dispatch is sent again; or after the attempt's time, when that is shorter. It doubles with each delivery.</summary>
    public TimeSpan RedeliverAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two deliveries, jitter aside.</summary>
    public TimeSpan RedeliverAtMostEvery { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a delivery counts. Far longer than any pause between two: by then there are newer ones.</summary>
    public TimeSpan DeliveryLasts { get; init; } = TimeSpan.FromDays(1);

    /// <summary>So many lost workers in a row make a step poisonous, when other steps of the same worker have results meanwhile.</summary>
    public int PoisonousAfter { get; init; } = 3;

    /// <summary>The longest pause after a deferral, jitter aside, unless a longer one is asked for.</summary>
    public TimeSpan DeferralAtMost { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The pause after a deferral, which grows with the time that the step has been deferred, so that a long outage is asked about less
    /// often; with up to a quarter of it added, so that what one outage deferred does not come back together.
    /// </summary>
    /// <param name="asked">The shortest.</param>
    /// <param name="lasted">Since the first deferral in a row.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public TimeSpan PauseAfterDeferral(TimeSpan asked, TimeSpan lasted, double random)
    {
        var grown = lasted / 8 < DeferralAtMost ? lasted / 8 : DeferralAtMost;
        return (asked > grown ? asked : grown) * (1 + (random / 4));
    }

    /// <summary>The pause after the given delivery, from 1, with up to half of it added, so that what was sent together does not come back together.</summary>
    /// <param name="attemptTimeout">Of the step.</param>
    /// <param name="delivery">From 1.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public TimeSpan PauseAfter(TimeSpan attemptTimeout, int delivery, double random)
    {
        var first = attemptTimeout < RedeliverAfter ? attemptTimeout : RedeliverAfter;
        // In floating point: a doubled pause may be more than a TimeSpan holds.
        var pause = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(delivery - 1, 1000)), RedeliverAtMostEvery.TotalSeconds);
        return TimeSpan.FromSeconds(pause * (1 + (random / 2)));
    }
}
