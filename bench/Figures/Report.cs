using System.Text;

namespace Saga.Bench.Figures;

/// <summary>A result as a Markdown section, printed and written to docs/benchmarks.md between the benchmark's markers.</summary>
internal sealed class Report(string bench)
{
    private readonly StringBuilder text = new();

    public Report Line(string line = "")
    {
        text.AppendLine(line);
        return this;
    }

    public Report Table(string[] head, IEnumerable<string[]> rows)
    {
        Line($"| {string.Join(" | ", head)} |");
        Line($"|{string.Concat(Enumerable.Repeat("---|", head.Length))}");
        foreach (var row in rows)
            Line($"| {string.Join(" | ", row)} |");
        return Line();
    }

    /// <summary>Describes whether a ratio is within its bound.</summary>
    public static string Verdict(double ratio, double bound, bool atLeast) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ratio:0.00} × (bound: {(atLeast ? "at least" : "at most")} {bound:0.0} ×, {((atLeast ? ratio >= bound : ratio <= bound) ? "kept" : "**missed**")})");

    public Task PrintAsync() => Console.Out.WriteLineAsync(text);

    public async Task WriteAsync()
    {
        await PrintAsync();
        var file = Path.Combine(Root(), "docs", "benchmarks.md");
        var (begin, end) = ($"<!-- bench {bench}: begin -->", $"<!-- bench {bench}: end -->");
        var page = await File.ReadAllTextAsync(file);
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
            throw new InvalidOperationException($"{file} has no markers '{begin}' and '{end}'.");
        await File.WriteAllTextAsync(file, $"{page[..(from + begin.Length)]}\n{text.ToString().TrimEnd()}\n{page[to..]}");
    }

    private static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Saga.sln")))
                return folder;
        }

        throw new InvalidOperationException("The benches run inside a clone: Saga.sln was not found above them.");
    }
}
