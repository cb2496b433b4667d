namespace Saga.Registry.Schedule;

/// <summary>The state of a scheduled command. The spelling in the registry and for callers is the name in lower case.</summary>
public enum ScheduledState
{
    /// <summary>Waits for its time, or for a second person's approval.</summary>
    Scheduled,

    /// <summary>Its operation was accepted.</summary>
    Submitted,

    /// <summary>It was refused when it ran, or could not run until it expired.</summary>
    Refused,

    Cancelled,

    /// <summary>A second person rejected it.</summary>
    Rejected,
}
