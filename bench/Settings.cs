using System.Globalization;

namespace Saga.Bench;

/// <summary>The command line's settings.</summary>
/// <param name="Rounds">Measured rounds; <c>--rounds=N</c>.</param>
/// <param name="Count">The amount of work in one round; each benchmark has its own default; <c>--count=N</c>.</param>
/// <param name="WarmUp">The amount of work before the measured one, of benchmarks that cannot see when their programs are warm; each has its own default; <c>--warm-up=N</c>.</param>
/// <param name="Write">Whether to write the result to docs/benchmarks.md; not with <c>--dry</c>.</param>
/// <param name="Engine">Configuration that overrides the defaults, for experiments: <c>--Saga:Orchestrator:Committers=1</c>.</param>
internal sealed record Settings(int Rounds, int? Count, int? WarmUp, bool Write, IReadOnlyDictionary<string, string?> Engine)
{
    public static Settings Of(IEnumerable<string> arguments, int rounds)
    {
        var named = arguments.Select(a => a.Split('=', 2)).ToDictionary(p => p[0].TrimStart('-'), p => p.Length > 1 ? p[1] : null, StringComparer.OrdinalIgnoreCase);
        return new Settings(
            named.TryGetValue("rounds", out var r) ? int.Parse(r!, CultureInfo.InvariantCulture) : rounds,
            named.TryGetValue("count", out var c) ? int.Parse(c!, CultureInfo.InvariantCulture) : null,
            named.TryGetValue("warm-up", out var w) ? int.Parse(w!, CultureInfo.InvariantCulture) : null,
            !named.ContainsKey("dry"),
            named.Where(p => p.Key.Contains(':', StringComparison.Ordinal)).ToDictionary(StringComparer.OrdinalIgnoreCase));
    }
}
