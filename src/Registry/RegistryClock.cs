namespace Saga.Registry;

/// <summary>
/// The engine's only clock: the registry's, read where the statement runs. Due times, deadlines, leases and claims are written and
/// compared only with it, so that a process with a wrong clock does no harm.
/// </summary>
public sealed class RegistryClock
{
    /// <summary>The offset added to the registry's time. Zero unless a test moves the clock.</summary>
    public TimeSpan Offset { get; internal set; }
}
