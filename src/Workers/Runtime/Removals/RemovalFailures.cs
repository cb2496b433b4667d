namespace Saga.Workers.Runtime.Removals;

/// <summary>The failure of a removal after which something is still there.</summary>
internal static class RemovalFailures
{
    public const string Code = "still-there";

    /// <param name="what">What was to be removed, such as <c>objects</c>.</param>
    /// <param name="name">Its name.</param>
    /// <param name="system">The system that still has it.</param>
    public static StepFailureException StillThere(string what, string name, string system) => StepFailureException.Transient(
        Code, $"After their removal there are still {what} of the tenant: {name}.", "Find out what writes there, stop it, then replay the step.", system);
}
