namespace Saga.Registry.Schedule;

/// <summary>What a person orders for a scheduled command.</summary>
public enum ScheduleOrder
{
    Cancel,

    /// <summary>Run it now instead of at its time.</summary>
    Run,

    Approve,

    Reject,
}

/// <summary>What came of an order.</summary>
public abstract record ScheduleAnswer
{
    private ScheduleAnswer()
    {
    }

    public sealed record Done : ScheduleAnswer;

    /// <summary>The same person has given the same order before, and it took effect.</summary>
    public sealed record Repeated : ScheduleAnswer;

    /// <param name="Why">Whole sentences for the caller.</param>
    public sealed record Refused(string Why) : ScheduleAnswer;
}
