using System.Collections.Concurrent;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support.Chance;

namespace Saga.Tests.Simulation;

/// <summary>A schedule that broke a promise.</summary>
/// <param name="Seed">Its seed, which repeats it.</param>
/// <param name="Promise">What was broken.</param>
public sealed record BrokenSchedule(int Seed, string Promise);

/// <summary>What many schedules showed.</summary>
/// <param name="Schedules">How many ran.</param>
/// <param name="Ends">How many operations ended in each state.</param>
/// <param name="AllBroken">The schedules that broke a promise, by their seeds.</param>
public sealed record SimulationResult(int Schedules, IReadOnlyDictionary<OperationState, int> Ends, IReadOnlyList<BrokenSchedule> AllBroken)
{
    /// <summary>The schedule of the lowest seed that broke a promise; null when none did.</summary>
    public BrokenSchedule? Broken => AllBroken.Count == 0 ? null : AllBroken[0];
}

/// <summary>Runs schedules. Each is a function of its seed, so it does not matter how many run at once.</summary>
public static class Simulator
{
    private const int MostTries = 3000;

    /// <summary>Runs schedules, and stops when one breaks a promise.</summary>
    /// <param name="first">The first seed.</param>
    /// <param name="count">How many schedules.</param>
    /// <param name="mutant">A planted bug.</param>
    /// <param name="ran">Called after each schedule, by several threads.</param>
    /// <param name="goesOn">Whether the others run nevertheless.</param>
    public static SimulationResult Run(int first, int count, Mutant mutant = Mutant.None, Action? ran = null, bool goesOn = false)
    {
        var ends = new ConcurrentDictionary<OperationState, int>();
        var broken = new ConcurrentBag<BrokenSchedule>();
        var schedules = 0;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (i, state) =>
        {
            Interlocked.Increment(ref schedules);
            try
            {
                foreach (var end in Schedule.Run(new Recorded(first + i), mutant))
                    ends.AddOrUpdate(end, 1, (_, n) => n + 1);
            }
            catch (BrokenPromiseException error)
            {
                broken.Add(new(first + i, error.Message));
                // Lower seeds still run, so that the result is the same each time.
                if (!goesOn)
                    state.Break();
            }

            ran?.Invoke();
        });
        return new(schedules, ends, [.. broken.OrderBy(b => b.Seed)]);
    }

    /// <summary>Repeats a schedule.</summary>
    /// <returns>A line for each step; the last one says what was broken, if something was.</returns>
    public static IReadOnlyList<string> Trace(int seed, Mutant mutant = Mutant.None) => Trace(new Recorded(seed), mutant).Lines;

    /// <summary>Runs a schedule whose commands all have this workflow.</summary>
    /// <returns>How its operations ended.</returns>
    /// <exception cref="BrokenPromiseException">A promise was broken.</exception>
    public static IReadOnlyList<OperationState> Run(WorkflowDefinition workflow, int seed, Mutant mutant = Mutant.None) => Schedule.Run(new Recorded(seed), mutant, trace: null, workflow);

    /// <summary>Repeats a schedule whose commands all have this workflow.</summary>
    /// <returns>A line for each step; the last one says what was broken, if something was.</returns>
    public static IReadOnlyList<string> Trace(WorkflowDefinition workflow, int seed, Mutant mutant = Mutant.None) => Trace(new Recorded(seed), mutant, workflow).Lines;

    /// <summary>Repeats a schedule that broke a promise with fewer and smaller random numbers, as long as it breaks one.</summary>
    public static IReadOnlyList<string> Shrink(int seed, Mutant mutant = Mutant.None)
    {
        var recorded = new Recorded(seed);
        var shortest = Trace(recorded, mutant);
        if (shortest.Broken is null)
            return shortest.Lines;
        var numbers = recorded.Drawn.ToArray();
        var tries = 0;
        for (var size = numbers.Length / 2; size > 0 && tries < MostTries; size /= 2)
        {
            for (var at = 0; at < numbers.Length && tries < MostTries;)
            {
                var end = Math.Min(at + size, numbers.Length);
                int[][] smaller = [[.. numbers[..at], .. numbers[end..]], [.. numbers[..at], .. new int[end - at], .. numbers[end..]]];
                var found = false;
                foreach (var candidate in smaller.Where(c => !c.AsSpan().SequenceEqual(numbers)))
                {
                    tries++;
                    if (Trace(new Chances(candidate), mutant) is { Broken: not null } again && again.Lines.Count <= shortest.Lines.Count)
                    {
                        (numbers, shortest, found) = (candidate, again, true);
                        break;
                    }
                }

                if (!found)
                    at += size;
            }
        }

        return shortest.Lines;
    }

    private static (IReadOnlyList<string> Lines, string? Broken) Trace(Random random, Mutant mutant, WorkflowDefinition? workflow = null)
    {
        var lines = new List<string>();
        try
        {
            Schedule.Run(random, mutant, lines, workflow);
            return (lines, null);
        }
        catch (BrokenPromiseException error)
        {
            lines.Add(error.Message);
            return (lines, error.Message);
        }
    }
}
