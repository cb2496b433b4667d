using Saga.Engine.Operations;

namespace Saga.Engine.Admission;

/// <summary>
/// Shares free slots among the classes by weight. A class that has nothing to do leaves its share to the others, and no
/// class starves: each free slot goes to the waiting class that is furthest below its weight.
/// </summary>
public static class SlotShares
{
    /// <summary>How many slots a class gets for one of the class <see cref="OperationPriority.Batch"/>, when all of them wait.</summary>
    public static int Weight(OperationPriority priority) => priority switch
    {
        OperationPriority.Interactive => 8,
        OperationPriority.Scheduled => 3,
        _ => 1,
    };

    /// <param name="free">Slots to give away; none when negative.</param>
    /// <param name="classes">At most one entry for a class.</param>
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
