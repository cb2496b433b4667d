using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>The crash points of a provisioning, recorded from an undisturbed run.</summary>
internal static class CrashMap
{
    private static readonly (string Plan, string? FailsPermanently)[] Kinds =
    [
        ("enterprise", null), ("premium", null), ("basic", null),
        ("enterprise", StepNames.Verify), ("premium", StepNames.Verify), ("basic", StepNames.Verify),
    ];

    // All traces are recorded before the first crash, because a trace counts the entire process, in which the crash tests' hosts also run.
    private static readonly Lazy<Task<Dictionary<(string Plan, string? FailsPermanently), IReadOnlyDictionary<CrashPoint, int>>>> Maps = new(TraceAsync);

    /// <summary>Every kind of crash point, and how often the operation passes it.</summary>
    public static async Task<IReadOnlyDictionary<CrashPoint, int>> OfAsync(string plan, string? failsPermanently = null) => (await Maps.Value)[(plan, failsPermanently)];

    /// <summary>Before and after each point of the kind.</summary>
    public static IEnumerable<CrashPoint> Around(this IReadOnlyDictionary<CrashPoint, int> map, Func<CrashPoint, bool> kinds, int from = 1) =>
        map.Where(k => kinds(k.Key)).OrderBy(k => k.Key.ToString(), StringComparer.Ordinal)
            .SelectMany(k => Enumerable.Range(from, Math.Max(0, k.Value - from + 1)).SelectMany(n => new[] { k.Key with { Number = n }, k.Key with { Number = n, End = true } }));

    /// <summary>
    /// Between any two effects within a step. After one effect is before the next, so only the first also has a point before it.
    /// </summary>
    public static IEnumerable<CrashPoint> Within(this IReadOnlyDictionary<CrashPoint, int> map, params (string Step, bool Back)[] steps) =>
        map.Where(k => k.Key.Source is "Npgsql" or "System.Net.Http" && steps.Contains((k.Key.Step, k.Key.Back)))
            .OrderBy(k => k.Key.ToString(), StringComparer.Ordinal)
            .SelectMany(k => Enumerable.Range(1, k.Value).Select(n => k.Key with { Number = n, End = true }).Prepend(k.Key with { Number = 1 }));

    /// <summary>
    /// At most so many of the points, spread evenly, starting at the one that <see cref="RunSeed"/> chooses, so that different
    /// runs cover all of them. All points when <see cref="CrashWorlds.All"/> is set.
    /// </summary>
    public static IReadOnlyList<CrashPoint> Sample(this IEnumerable<CrashPoint> points, int atMost)
    {
        var all = points.ToList();
        if (CrashWorlds.All || all.Count <= atMost)
            return all;
        // Tests that take turns see only every third seed, so the seeds themselves would leave out points where the number of points is a multiple of it.
        var first = (int)(unchecked((uint)RunSeed.Value * 2654435761u) % (uint)all.Count);
        return [.. Enumerable.Range(0, atMost).Select(i => all[(first + (i * all.Count / atMost)) % all.Count])];
    }

    // The points that every process reaches if it runs alone on a fast machine. Each trace uses a new host, like each crash, after a
    // first tenant of the plan has created everything shared (template, place, bucket). Nothing is retried or sent again because of
    // slowness, and only points that two traces have in common count.
    private static async Task<Dictionary<(string Plan, string? FailsPermanently), IReadOnlyDictionary<CrashPoint, int>>> TraceAsync()
    {
        var world = await World.SharedAsync();
        var site = await world.NewSiteAsync();
        site.Settings["Saga:Workers:LeaseSeconds"] = "60";
        site.Settings["Saga:Orchestrator:RedeliverySeconds"] = "60";
        site.Settings["Saga:Orchestrator:OutboxClaimSeconds"] = "60";
        foreach (var plan in Kinds.Select(k => k.Plan).Distinct(StringComparer.Ordinal))
            await PassAsync(site, plan, null);
        var maps = new Dictionary<(string Plan, string? FailsPermanently), IReadOnlyDictionary<CrashPoint, int>>();
        foreach (var (plan, failsPermanently) in Kinds)
        {
            var (one, other) = (await PassAsync(site, plan, failsPermanently), await PassAsync(site, plan, failsPermanently));
            maps[(plan, failsPermanently)] = one.Where(k => other.ContainsKey(k.Key)).ToDictionary(k => k.Key, k => Math.Min(k.Value, other[k.Key]));
        }

        return maps;
    }

    private static async Task<IReadOnlyDictionary<CrashPoint, int>> PassAsync(Site site, string plan, string? failsPermanently)
    {
        using var points = new CrashPoints();
        var host = await ProvisioningHost.StartAsync(site.Configuration(), failsPermanently is null ? null : StepFaults.FailsPermanently(failsPermanently));
        try
        {
            var accepted = await site.SubmitAsync(Site.NewCommand(plan));
            var state = await site.EndAsync(accepted.OperationId);
            state.ShouldBe(failsPermanently is null ? OperationState.Completed : OperationState.Compensated, await site.StoryAsync(accepted.OperationId));
            await ExternalState.CompareAsync(site);
            return points.Seen;
        }
        finally
        {
            await ProvisioningHost.EndAsync(host);
        }
    }
}
