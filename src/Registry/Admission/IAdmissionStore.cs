using Saga.Registry.Sweep;

namespace Saga.Registry.Admission;

/// <summary>
/// Gives the slots of the installation to operations that wait. Slots are counted in the registry: any number of processes
/// may admit, and together they never admit more than there are. Thread-safe.
/// </summary>
public interface IAdmissionStore
{
    /// <summary>
    /// Admits as many waiting operations as slots are free: classes by weight, and within a class those that gave a slot back
    /// first, then first come, first served. An admitted operation is due again after <paramref name="putOff"/>, so that a wake
    /// that is lost is made again.
    /// </summary>
    /// <param name="slots">The slots that are configured.</param>
    /// <param name="putOff">How long until an admitted operation is due.</param>
    /// <param name="cancellationToken">Cancels the call; whether operations were admitted is then unknown, and nothing is lost.</param>
    Task<Admitted> AdmitAsync(int slots, TimeSpan putOff, CancellationToken cancellationToken);

    /// <summary>Records that an external system is overloaded: there are fewer slots for a while.</summary>
    Task ReportOverloadAsync(int slots, CancellationToken cancellationToken);

    Task<AdmissionState> ReadAsync(int slots, CancellationToken cancellationToken);
}

/// <summary>What one look admitted.</summary>
/// <param name="Operations">To be woken.</param>
/// <param name="LookAgain">Another process was admitting, and may have counted before the last slot became free.</param>
public sealed record Admitted(IReadOnlyList<SweptOperation> Operations, bool LookAgain);

/// <summary>The slots at this moment.</summary>
/// <param name="Slots">How many there are.</param>
/// <param name="Used">How many are held; may be a few more than there are, since a late result starts the next step without asking.</param>
/// <param name="Waiting">Operations that wait for one.</param>
public sealed record AdmissionState(int Slots, int Used, int Waiting);
