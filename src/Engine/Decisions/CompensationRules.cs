namespace Saga.Engine.Decisions;

/// <summary>How long a compensation is retried. It has no attempt limit: it stalls on permanent failures or when its time is used up.</summary>
public sealed record CompensationRules
{
    /// <summary>The time from its first dispatch on. A step may override it. Time while it is deferred does not count.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The longest pause between two attempts.</summary>
    public TimeSpan BackoffLimit { get; init; } = TimeSpan.FromMinutes(5);
}
