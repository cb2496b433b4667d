using Saga.Engine.Operations;

namespace Saga.Engine.Admission;

/// <summary>
/// Shares free slots among the classes by weight. Each free slot goes to the waiting class that is furthest below its share, so no
/// class starves and unused shares go to the others.
/// </summary>
public static class SlotShares
{
    /// <summary>How many slots a class gets for each slot of <see cref="OperationPriority.Batch"/>, if all classes wait.</summary>
    public static int Weight(OperationPriority priority) => priority switch
    {
        OperationPriority.Interactive => 8,
        OperationPriority.Scheduled => 3,
        _ => 1,
    };

    /// <param name="free">The number of free slots; a negative number counts as zero.</param>
    /// <param name="classes">At most one entry per class.</param>
    /// <returns>How many operations of each class to admit.</returns>
    public static IReadOnlyDictionary<OperationPriority, int> Choose(int free, IReadOnlyList<WaitingClass> classes)
    {
        var given = classes.ToDictionary(c => c.Priority, _ => 0);
        for (; free > 0; free--)
        {
            var next = classes.Where(c => c.Waiting > given[c.Priority])
                .OrderBy(c => (double)(c.Used + given[c.Priority] + 1) / Weight(c.Priority)).ThenBy(c => c.Priority)
                .Select(c => (OperationPriority?)c.Priority).FirstOrDefault();
            if (next is not { } priority)
                break;
            given[priority]++;
        }

        return given;
    }
}
