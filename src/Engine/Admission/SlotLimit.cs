namespace Saga.Engine.Admission;

/// <summary>
/// The current number of slots. Overloaded external systems halve the number, at most once per <see cref="Settle"/>. Without
/// overload it grows back by one per <see cref="Recovery"/> up to the configured number.
/// </summary>
/// <param name="Slots">The number of slots at <paramref name="At"/>.</param>
/// <param name="At">When the number was last changed.</param>
public sealed record SlotLimit(int Slots, DateTimeOffset At)
{
    public const int Least = 2;

    /// <summary>The effect of one cut must show before the next one.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    /// <summary>Reduces the slots because an external system is overloaded.</summary>
    public SlotLimit Overloaded(int configured, DateTimeOffset now)
    {
        var current = Now(configured, now);
        return now - At < Settle && Slots < configured ? this : new SlotLimit(Math.Max(Math.Min(Least, configured), current / 2), now);
    }

    /// <summary>The current number of slots.</summary>
    public int Now(int configured, DateTimeOffset now) =>
        now <= At ? Math.Min(Slots, configured) : (int)Math.Min(configured, Slots + ((now - At) / Recovery));
}
