namespace Saga.Lifecycle.Schedule;

/// <summary>Lets a command be scheduled for a time.</summary>
/// <param name="NeedsApproval">Whether a second person must approve it before it runs.</param>
public sealed record CommandScheduling(bool NeedsApproval = false);
