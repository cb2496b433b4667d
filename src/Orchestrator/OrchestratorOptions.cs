using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator;

/// <summary>The saga engine. Section <c>Saga:Orchestrator</c>.</summary>
public sealed class OrchestratorOptions : IValidatableObject
{
    public const string Section = "Saga:Orchestrator";

    /// <summary>Transactions that commit transitions side by side; each takes one connection.</summary>
    [Range(1, 32, ErrorMessage = "Saga:Orchestrator:Lanes must be from 1 to 32.")]
    public int Lanes { get; set; } = 1;

    /// <summary>Transitions of different operations that may share one transaction.</summary>
    [Range(1, 512, ErrorMessage = "Saga:Orchestrator:MaxBatch must be from 1 to 512.")]
    public int MaxBatch { get; set; } = 64;

    /// <summary>
    /// How long the messages that a process is sending are left to it before a relay takes them over. Longer than
    /// <see cref="OutboxSendSeconds"/>.
    /// </summary>
    [Range(2, 300, ErrorMessage = "Saga:Orchestrator:OutboxClaimSeconds must be from 2 to 300.")]
    public int OutboxClaimSeconds { get; set; } = 10;

    /// <summary>How long the broker may take to confirm a message before the attempt to send it is given up. A woken operation is put off by twice that.</summary>
    [Range(1, 120, ErrorMessage = "Saga:Orchestrator:OutboxSendSeconds must be from 1 to 120.")]
    public int OutboxSendSeconds { get; set; } = 5;

    /// <summary>How often the sweeper looks for what is due, in milliseconds: the precision of delays and deadlines.</summary>
    [Range(50, 60_000, ErrorMessage = "Saga:Orchestrator:SweepMilliseconds must be from 50 to 60000.")]
    public int SweepMilliseconds { get; set; } = 250;

    /// <summary>For how long a compensation is tried, with growing pauses, before it stalls for an operator; unless its step says otherwise.</summary>
    [Range(1, 8760, ErrorMessage = "Saga:Orchestrator:CompensationHours must be from 1 to 8760.")]
    public int CompensationHours { get; set; } = 24;

    /// <summary>After how long a dispatch that no worker took is sent again; the pause doubles with each delivery, up to ten minutes.</summary>
    [Range(1, 600, ErrorMessage = "Saga:Orchestrator:RedeliverySeconds must be from 1 to 600.")]
    public int RedeliverySeconds { get; set; } = 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => OutboxClaimSeconds > OutboxSendSeconds ? [] :
    [
        new($"Saga:Orchestrator:OutboxClaimSeconds ({OutboxClaimSeconds}) must be longer than Saga:Orchestrator:OutboxSendSeconds ({OutboxSendSeconds}): otherwise a slow broker gets messages twice."),
    ];
}
