using System.Collections.Concurrent;

namespace Saga.Tests.Simulation;

/// <summary>A schedule that went differently in memory and on PostgreSQL, or broke the same promise on both.</summary>
/// <param name="Seed">Its seed, which repeats it.</param>
/// <param name="Lines">The trace up to there, then what came next in memory and on PostgreSQL if that differs.</param>
public sealed record DifferentSchedule(int Seed, IReadOnlyList<string> Lines);

/// <summary>What a comparison showed.</summary>
/// <param name="Schedules">How many schedules ran on both.</param>
/// <param name="Steps">How many lines their traces have.</param>
/// <param name="Different">Those that did not go equally, by their seeds.</param>
public sealed record ComparisonResult(int Schedules, long Steps, IReadOnlyList<DifferentSchedule> Different);

/// <summary>
/// Runs the same schedules on the storage in memory and on the product's stores on PostgreSQL. Everything that happens and everything that is
/// stored must be the same, so that what many schedules show in memory is true of the product.
/// </summary>
public static class Comparison
{
    // After so many steps what is stored is compared, too.
    private const int Usual = 20;

    // Each waits for its server half of the time.
    private const int ThreadsPerProcessor = 2;
    private const int LinesBefore = 60;
    private const int LinesAfter = 12;

    /// <summary>Compares schedules, and stops when one goes differently.</summary>
    /// <param name="postgres">The connection string of a superuser of PostgreSQL. The databases that are created there are dropped again.</param>
    /// <param name="first">The first seed.</param>
    /// <param name="count">How many schedules.</param>
    /// <param name="mutant">A bug that is planted in both.</param>
    /// <param name="ran">Called after each schedule, by several threads.</param>
    /// <param name="goesOn">Whether the others run nevertheless.</param>
    public static async Task<ComparisonResult> RunAsync(string postgres, int first, int count, Mutant mutant = Mutant.None, Action? ran = null, bool goesOn = false)
    {
        var databases = await SimulatedDatabase.CreateAsync(postgres, Math.Min(count, Environment.ProcessorCount * ThreadsPerProcessor));
        try
        {
            var different = new ConcurrentBag<DifferentSchedule>();
            var (begun, schedules, steps) = (0, 0, 0L);
            await Task.WhenAll(databases.Select(database => Task.Factory.StartNew(
                () =>
                {
                    while ((goesOn || different.IsEmpty) && Interlocked.Increment(ref begun) is var number && number <= count)
                    {
                        var (lines, difference) = Compare(first + number - 1, mutant, database);
                        if (difference is not null)
                            different.Add(new(first + number - 1, difference));
                        Interlocked.Add(ref steps, lines);
                        Interlocked.Increment(ref schedules);
                        ran?.Invoke();
                    }
                }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            return new(schedules, steps, [.. different.OrderBy(d => d.Seed)]);
        }
        finally
        {
            foreach (var database in databases)
                database.Dispose();
        }
    }

    private static (int Lines, IReadOnlyList<string>? Difference) Compare(int seed, Mutant mutant, SimulatedDatabase database)
    {
        var (inMemory, onServer) = RunBoth(seed, mutant, database, Usual);
        if (inMemory.SequenceEqual(onServer, StringComparer.Ordinal))
            return (inMemory.Count, inMemory[^1].StartsWith("Broken: ", StringComparison.Ordinal) ? [.. inMemory.TakeLast(LinesBefore)] : null);
        // Again, to find the step after which they differ. It does not matter if they do not differ this time: what is there is told.
        var (closer, closerOnServer) = RunBoth(seed, mutant, database, every: 1);
        return (inMemory.Count, closer.SequenceEqual(closerOnServer, StringComparer.Ordinal) ? Difference(inMemory, onServer) : Difference(closer, closerOnServer));
    }

    private static (List<string> InMemory, List<string> OnServer) RunBoth(int seed, Mutant mutant, SimulatedDatabase database, int every)
    {
        var inMemory = Run(seed, mutant, (time, newId) => new StorageInMemory(time, newId), every);
        database.Clear();
        SynchronizationContext.SetSynchronizationContext(database.Pump);
        try
        {
            var onServer = Run(seed, mutant, (time, newId) => new StorageInSql(time, newId, database), every);
            if (!inMemory.SequenceEqual(onServer, StringComparer.Ordinal))
                database.Recover();
            return (inMemory, onServer);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private static List<string> Run(int seed, Mutant mutant, Func<SimulatedTime, Func<Guid>, SimulatedStorage> store, int every)
    {
        var lines = new List<string>();
        try
        {
            Schedule.Run(new Recorded(seed), mutant, lines, store, every);
        }
        catch (BrokenPromiseException error)
        {
            lines.Add(error.Message);
        }
        catch (Exception error)
        {
            lines.Add($"It fails: {error}");
        }

        return lines;
    }

    private static List<string> Difference(List<string> inMemory, List<string> onServer)
    {
        var same = inMemory.Zip(onServer).TakeWhile(l => string.Equals(l.First, l.Second, StringComparison.Ordinal)).Count();
        return
        [
            .. inMemory[Math.Max(0, same - LinesBefore)..same],
            "In memory:", .. inMemory.Skip(same).Take(LinesAfter), same == inMemory.Count ? "(nothing)" : "",
            "On PostgreSQL:", .. onServer.Skip(same).Take(LinesAfter), same == onServer.Count ? "(nothing)" : "",
        ];
    }
}
