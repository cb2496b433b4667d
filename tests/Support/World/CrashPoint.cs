using System.Diagnostics;
using System.Globalization;

namespace Saga.Tests.Support.World;

/// <summary>A moment in a process's work, identified by its public activities: the nth of a kind, at its start or its end.</summary>
/// <param name="Source">An activity source: Saga.Orchestrator, Saga.Workers, Saga.Registry, Npgsql, System.Net.Http.</param>
/// <param name="Activity">The activity's name; any when empty.</param>
/// <param name="Step">The step that the activity belongs to; any when empty.</param>
/// <param name="Back">Whether it is within a compensation instead of an execution; meaningful only with a step.</param>
/// <param name="Number">Starts at 1.</param>
/// <param name="End">True for the activity's end, when its work is done; false for its start.</param>
public sealed record CrashPoint(string Source, string Activity, string Step, bool Back, int Number, bool End)
{
    private const string StepActivity = "saga.step";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(End ? "after" : "before")} {Source}{(Activity.Length > 0 ? " " + Activity : "")} #{Number}{(Step.Length > 0 ? $" of {(Back ? "undoing " : "")}{Step}" : "")}");

    /// <summary>The kinds of moment that an activity belongs to, without number and edge.</summary>
    public static IEnumerable<CrashPoint> Of(Activity activity)
    {
        var source = activity.Source.Name;
        // Which of the parallel steps finds the pool empty and opens a connection differs from run to run.
        if (source == "Npgsql" && activity.OperationName.StartsWith("CONNECT", StringComparison.Ordinal))
            yield break;
        var (step, back) = StepOf(activity);
        var name = source.StartsWith("Saga.", StringComparison.Ordinal) ? activity.OperationName : "";
        if (step.Length > 0)
            yield return new CrashPoint(source, name, step, back, 0, false);
        if (name.Length > 0)
            yield return new CrashPoint(source, name, "", false, 0, false);
    }

    private static (string Step, bool Back) StepOf(Activity activity)
    {
        for (var at = activity; at is not null; at = at.Parent)
        {
            if (at.GetTagItem(StepActivity) is string step)
                return (step, at.GetTagItem("saga.direction") is string direction && direction.StartsWith("Compensate", StringComparison.Ordinal));
        }

        return ("", false);
    }
}

/// <summary>Counts the moments of this process and reports each one.</summary>
public sealed class CrashPoints : IDisposable
{
    private static readonly HashSet<string> Sources = new(StringComparer.Ordinal)
    {
        "Saga.Orchestrator", "Saga.Workers", "Saga.Registry", "Npgsql", "System.Net.Http",
    };

    private readonly Dictionary<CrashPoint, int> started = [];
    private readonly Dictionary<CrashPoint, int> ended = [];
    private readonly Action<CrashPoint>? reached;
    private readonly ActivityListener listener;

    /// <param name="reached">Called at each moment, on the current thread.</param>
    public CrashPoints(Action<CrashPoint>? reached = null)
    {
        this.reached = reached;
        listener = new ActivityListener
        {
            ShouldListenTo = source => Sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Count(started, activity, end: false),
            ActivityStopped = activity => Count(ended, activity, end: true),
        };
        ActivitySource.AddActivityListener(listener);
    }

    /// <summary>Every kind seen so far, with how often it ended.</summary>
    public IReadOnlyDictionary<CrashPoint, int> Seen
    {
        get
        {
            lock (ended)
                return new Dictionary<CrashPoint, int>(ended);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Count(Dictionary<CrashPoint, int> counts, Activity activity, bool end)
    {
        foreach (var kind in CrashPoint.Of(activity))
        {
            int number;
            lock (counts)
                counts[kind] = number = counts.GetValueOrDefault(kind) + 1;
            reached?.Invoke(kind with { Number = number, End = end });
        }
    }
}
