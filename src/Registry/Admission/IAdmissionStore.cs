using Saga.Registry.Sweep;

namespace Saga.Registry.Admission;

/// <summary>
/// Gives the installation's slots to waiting operations. Slots are counted in the registry, so any number of processes may admit,
/// and together they never admit more operations than there are slots. Thread-safe.
/// </summary>
public interface IAdmissionStore
{
    /// <summary>
    /// Admits as many waiting operations as there are free slots: classes by weight, and within a class first those that gave a slot
    /// back, then first come, first served. An admitted operation is due again after <paramref name="putOff"/>, so that a lost wake-up is
    /// repeated.
    /// </summary>
    /// <param name="slots">The configured number of slots.</param>
    /// <param name="putOff">How long until an admitted operation is due.</param>
    /// <param name="cancellationToken">Cancels the call; whether operations were admitted is then unknown, but nothing is lost.</param>
    Task<Admitted> AdmitAsync(int slots, TimeSpan putOff, CancellationToken cancellationToken);

    /// <summary>Records that an external system is overloaded, which reduces the slots for a while.</summary>
    Task ReportOverloadAsync(int slots, CancellationToken cancellationToken);

    Task<AdmissionState> ReadAsync(int slots, CancellationToken cancellationToken);
}

/// <summary>The result of one admission.</summary>
/// <param name="Operations">The admitted operations, which must be woken.</param>
/// <param name="LookAgain">Whether to try again: another process was admitting, and may have counted before the last slot became free.</param>
public sealed record Admitted(IReadOnlyList<SweptOperation> Operations, bool LookAgain);

/// <summary>The slots at this moment.</summary>
/// <param name="Slots">The number of slots.</param>
/// <param name="Used">The number of used slots. It may be slightly higher, because a late result starts the next step without asking.</param>
/// <param name="Waiting">The number of operations that wait for a slot.</param>
public sealed record AdmissionState(int Slots, int Used, int Waiting);
