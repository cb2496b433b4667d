namespace Saga.Registry;

/// <summary>
/// The one clock of the engine: the registry's, read where the statement runs. Due times, deadlines, leases and claims are written
/// and compared by it alone, so that a program whose own clock is wrong does no harm.
/// </summary>
public sealed class RegistryClock
{
    /// <summary>Added to the registry's time. Zero, unless a test moves the clock.</summary>
    public TimeSpan Offset { get; internal set; }
}
