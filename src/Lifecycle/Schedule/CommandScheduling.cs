namespace Saga.Lifecycle.Schedule;

/// <summary>Lets a command be scheduled for a time.</summary>
/// <param name="NeedsApproval">Whether a second person must always approve it before it runs, and not only if the caller asks for that.</param>
/// <param name="Only">Whether it runs only in this way, because another command schedules it.</param>
public sealed record CommandScheduling(bool NeedsApproval = false, bool Only = false);
