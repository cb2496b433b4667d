namespace Saga.Tests.Simulation;

/// <summary>The random numbers of a seed, and what was drawn of them, so that a failing schedule can be repeated with fewer and smaller ones.</summary>
internal sealed class Recorded(int seed) : Random(Seed: 1)
{
    private readonly Random random = new(seed);

    public List<int> Drawn { get; } = new(4096);

    public override int Next()
    {
        var next = random.Next();
        Drawn.Add(next);
        return next;
    }

    public override int Next(int maxValue) => Next(0, maxValue);

    public override int Next(int minValue, int maxValue) => maxValue <= minValue ? minValue : minValue + (Next() % (maxValue - minValue));

    public override double NextDouble() => Next(1000) / 1000.0;
}
