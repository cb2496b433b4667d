using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>Which points a provisioning passes, as one that runs undisturbed shows them.</summary>
internal static class CrashMap
{
    private static readonly (string Plan, string? FailsForGood)[] Kinds =
    [
        ("enterprise", null), ("premium", null), ("basic", null),
        ("enterprise", StepNames.Verify), ("premium", StepNames.Verify), ("basic", StepNames.Verify),
    ];

    // All of them before the first crash: what a trace counts is of the whole process, and the crashes' hosts run in it, too.
    private static readonly Lazy<Task<Dictionary<(string Plan, string? FailsForGood), IReadOnlyDictionary<CrashPoint, int>>>> Maps = new(TraceAsync);

    /// <summary>Every kind of point, and how often the operation passes it.</summary>
    public static async Task<IReadOnlyDictionary<CrashPoint, int>> OfAsync(string plan, string? failsForGood = null) => (await Maps.Value)[(plan, failsForGood)];

    /// <summary>Before and after each of the kind.</summary>
    public static IEnumerable<CrashPoint> Around(this IReadOnlyDictionary<CrashPoint, int> map, Func<CrashPoint, bool> kinds, int from = 1) =>
        map.Where(k => kinds(k.Key)).OrderBy(k => k.Key.ToString(), StringComparer.Ordinal)
            .SelectMany(k => Enumerable.Range(from, Math.Max(0, k.Value - from + 1)).SelectMany(n => new[] { k.Key with { Number = n }, k.Key with { Number = n, End = true } }));

    /// <summary>
    /// Between any two effects within a step. After one is before the next, so only the first is met before, too.
    /// </summary>
    public static IEnumerable<CrashPoint> Within(this IReadOnlyDictionary<CrashPoint, int> map, params (string Step, bool Back)[] steps) =>
        map.Where(k => k.Key.Source is "Npgsql" or "System.Net.Http" && steps.Contains((k.Key.Step, k.Key.Back)))
            .OrderBy(k => k.Key.ToString(), StringComparer.Ordinal)
            .SelectMany(k => Enumerable.Range(1, k.Value).Select(n => k.Key with { Number = n, End = true }).Prepend(k.Key with { Number = 1 }));

    /// <summary>All, or every so-manieth, which over the kinds meets each of them.</summary>
    public static IReadOnlyList<CrashPoint> Sample(this IEnumerable<CrashPoint> points, int oneOf) =>
        [.. points.Where((_, index) => CrashWorlds.All || index % oneOf == 0)];

    // What every process comes to, were it alone and the machine quick: each trace is of a new process's host, as each
    // crash is, after a first one of the plan made what all share (template, place, bucket); nothing is tried or sent a
    // second time for being slow; and only what two traces agree on counts.
    private static async Task<Dictionary<(string Plan, string? FailsForGood), IReadOnlyDictionary<CrashPoint, int>>> TraceAsync()
    {
        var world = await World.SharedAsync();
        var site = await world.NewSiteAsync();
        site.Settings["Saga:Workers:LeaseSeconds"] = "60";
        site.Settings["Saga:Orchestrator:RedeliverySeconds"] = "60";
        site.Settings["Saga:Orchestrator:OutboxClaimSeconds"] = "60";
        foreach (var plan in Kinds.Select(k => k.Plan).Distinct(StringComparer.Ordinal))
            await PassAsync(site, plan, null);
        var maps = new Dictionary<(string Plan, string? FailsForGood), IReadOnlyDictionary<CrashPoint, int>>();
        foreach (var (plan, failsForGood) in Kinds)
        {
            var (one, other) = (await PassAsync(site, plan, failsForGood), await PassAsync(site, plan, failsForGood));
            maps[(plan, failsForGood)] = one.Where(k => other.ContainsKey(k.Key)).ToDictionary(k => k.Key, k => Math.Min(k.Value, other[k.Key]));
        }

        return maps;
    }

    private static async Task<IReadOnlyDictionary<CrashPoint, int>> PassAsync(Site site, string plan, string? failsForGood)
    {
        using var points = new CrashPoints();
        var host = await ProvisioningHost.StartAsync(site.Configuration(), failsForGood is null ? null : StepFaults.FailsForGood(failsForGood));
        try
        {
            var accepted = await site.SubmitAsync(Site.NewCommand(plan));
            var state = await site.EndAsync(accepted.OperationId);
            state.ShouldBe(failsForGood is null ? OperationState.Completed : OperationState.Compensated, await site.StoryAsync(accepted.OperationId));
            await Outside.CompareAsync(site);
            return points.Seen;
        }
        finally
        {
            await ProvisioningHost.EndAsync(host);
        }
    }
}
