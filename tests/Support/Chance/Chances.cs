namespace Saga.Tests.Support.Chance;

/// <summary>
/// A recorded sequence of random numbers, so that a failing case can shrink: fewer and smaller numbers give a smaller workflow and a
/// shorter sequence of events. Beyond the last number the sequence continues deterministically.
/// </summary>
public sealed class Chances(int[] written) : Random(Seed: 1)
{
    private int read;

    public override int Next() => read < written.Length ? written[read++] : base.Next();

    public override int Next(int maxValue) => Next(0, maxValue);

    public override int Next(int minValue, int maxValue) => maxValue <= minValue ? minValue : minValue + (Next() % (maxValue - minValue));

    public override double NextDouble() => Next(1000) / 1000.0;
}
