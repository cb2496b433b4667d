using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator.Admission;

/// <summary>How many operations the installation works on at once. Section <c>Saga:Admission</c>; the same for every orchestrator.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "Saga:Admission";

    /// <summary>
    /// Operations that may have a step at work or due at the same time, over all processes. Compensations and operations that
    /// wait do not count. External systems that say "too many" lower the number for a while.
    /// </summary>
    [Range(1, 10_000, ErrorMessage = "Saga:Admission:Slots must be from 1 to 10000.")]
    public int Slots { get; set; } = 12;
}
