using System.Globalization;

namespace Saga.Bench;

/// <summary>What the command line says.</summary>
/// <param name="Rounds">Measured rounds; <c>--rounds=N</c>.</param>
/// <param name="Count">Work in one round, each bench's own by default; <c>--count=N</c>.</param>
/// <param name="Write">Whether docs/benchmarks.md takes the result; not with <c>--dry</c>.</param>
/// <param name="Engine">Configuration over the defaults, for trying things: <c>--Saga:Orchestrator:Lanes=1</c>.</param>
internal sealed record Settings(int Rounds, int? Count, bool Write, IReadOnlyDictionary<string, string?> Engine)
{
    public static Settings Of(IEnumerable<string> arguments, int rounds)
    {
        var named = arguments.Select(a => a.Split('=', 2)).ToDictionary(p => p[0].TrimStart('-'), p => p.Length > 1 ? p[1] : null, StringComparer.OrdinalIgnoreCase);
        return new Settings(
            named.TryGetValue("rounds", out var r) ? int.Parse(r!, CultureInfo.InvariantCulture) : rounds,
            named.TryGetValue("count", out var c) ? int.Parse(c!, CultureInfo.InvariantCulture) : null,
            !named.ContainsKey("dry"),
            named.Where(p => p.Key.Contains(':', StringComparison.Ordinal)).ToDictionary(StringComparer.OrdinalIgnoreCase));
    }
}
