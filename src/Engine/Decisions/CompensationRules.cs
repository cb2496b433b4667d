namespace Saga.Engine.Decisions;

/// <summary>How long a compensation is tried. It counts no attempts: it stalls for what will not pass, or when its time is used up.</summary>
public sealed record CompensationRules
{
    /// <summary>From its first dispatch on. A step may have a time of its own. Time for which it is deferred does not count.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The longest pause between two attempts.</summary>
    public TimeSpan BackoffLimit { get; init; } = TimeSpan.FromMinutes(5);
}
