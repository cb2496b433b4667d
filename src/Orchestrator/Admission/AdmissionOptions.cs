using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator.Admission;

/// <summary>How many operations the installation runs at once. Section <c>Saga:Admission</c>; use the same value for every orchestrator.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "Saga:Admission";

    /// <summary>
    /// Operations across all processes that may have a step running or due at the same time. Compensations and waiting operations do
    /// not count. Overloaded external systems reduce the number for a while.
    /// </summary>
    [Range(1, 10_000, ErrorMessage = "Saga:Admission:Slots must be from 1 to 10000.")]
    public int Slots { get; set; } = 12;
}
