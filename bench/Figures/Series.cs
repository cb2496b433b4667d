namespace Saga.Bench.Figures;

/// <summary>One candidate's results, round by round.</summary>
internal sealed record Series(string Name)
{
    public List<double> Values { get; } = [];

    public double Median => Quantile(0.5);

    public double Quantile(double q)
    {
        var sorted = Values.Order().ToList();
        var at = q * (sorted.Count - 1);
        var (low, high) = ((int)Math.Floor(at), (int)Math.Ceiling(at));
        return sorted[low] + ((sorted[high] - sorted[low]) * (at - low));
    }

    /// <summary>This series divided by the other, round by round, because a disturbance of a round affects both.</summary>
    public Series Over(Series other)
    {
        var ratio = new Series($"{Name} / {other.Name}");
        ratio.Values.AddRange(Values.Zip(other.Values, (a, b) => a / b));
        return ratio;
    }

    /// <summary>Median, then the quartiles, then the extremes.</summary>
    public string Text(string format) =>
        $"{Format(0.5, format)} ({Format(0.25, format)}–{Format(0.75, format)}; {Format(0, format)}–{Format(1, format)})";

    private string Format(double q, string format) => Quantile(q).ToString(format, System.Globalization.CultureInfo.InvariantCulture);
}
