using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>
/// Which scenario a test takes in a run, and which of its cases. Each time that it is a scenario's turn again is another round, which takes the next
/// cases, so all of them are covered in the end. <c>SAGA_CRASH_ALL=1</c> takes everything, of those that <c>SAGA_CRASH_ONLY</c> names if it is set.
/// </summary>
internal static class CrashTurns
{
    /// <param name="part">Tells the tests apart, so that one run has different scenarios: 0 to 2.</param>
    public static IEnumerable<(CrashScenario Scenario, int Round)> Next(int part)
    {
        var all = CrashScenarios.All;
        if (Environment.GetEnvironmentVariable("SAGA_CRASH_ONLY") is { Length: > 0 } only)
            return all.Where(s => only.Split(',').Contains(s.Name, StringComparer.Ordinal)).Select(s => (s, RunSeed.Value));
        var turn = RunSeed.Value + (part * all.Count / 3);
        return CrashWorlds.All ? all.Select(s => (s, RunSeed.Value)) : [(all[turn % all.Count], turn / all.Count)];
    }

    /// <summary>The cases of one round; all of them with <c>SAGA_CRASH_ALL=1</c>.</summary>
    /// <param name="all">The scenario's cases.</param>
    /// <param name="round">The round.</param>
    /// <param name="atMost">How many a round has.</param>
    public static IReadOnlyList<T> Round<T>(this IReadOnlyList<T> all, int round, int atMost) =>
        CrashWorlds.All || all.Count <= atMost ? all : [.. Enumerable.Range(0, atMost).Select(i => all[((round * atMost) + i) % all.Count])];
}
