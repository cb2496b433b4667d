namespace Saga.Engine.Admission;

/// <summary>
/// How many slots there are at this moment. External systems that say "too many" halve the number, at most once in
/// <see cref="Settle"/>; while none does, it grows back by one in <see cref="Recovery"/> up to what is configured.
/// </summary>
/// <param name="Slots">Slots at <paramref name="At"/>.</param>
/// <param name="At">When the number was last changed.</param>
public sealed record SlotLimit(int Slots, DateTimeOffset At)
{
    public const int Least = 2;

    /// <summary>What was admitted before a cut must show its effect before the next one.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    /// <summary>An external system is overloaded.</summary>
    public SlotLimit Overloaded(int configured, DateTimeOffset now)
    {
        var current = Now(configured, now);
        return now - At < Settle && Slots < configured ? this : new SlotLimit(Math.Max(Math.Min(Least, configured), current / 2), now);
    }

    /// <summary>The number that holds now.</summary>
    public int Now(int configured, DateTimeOffset now) =>
        now <= At ? Math.Min(Slots, configured) : (int)Math.Min(configured, Slots + ((now - At) / Recovery));
}
