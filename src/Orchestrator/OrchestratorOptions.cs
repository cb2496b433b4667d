using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator;

/// <summary>The saga engine. Section <c>Saga:Orchestrator</c>.</summary>
public sealed class OrchestratorOptions : IValidatableObject
{
    public const string Section = "Saga:Orchestrator";

    /// <summary>The former key of <see cref="Committers"/>, up to version 3b48fc0. It is read while the new key is not set.</summary>
    internal const string FormerCommitters = Section + ":Lanes";

    /// <summary>The number of committers: transactions that commit transitions in parallel. Each uses one connection.</summary>
    [Range(1, 32, ErrorMessage = "Saga:Orchestrator:Committers must be from 1 to 32.")]
    public int Committers { get; set; } = 1;

    /// <summary>Transitions of different operations that may share one transaction.</summary>
    [Range(1, 512, ErrorMessage = "Saga:Orchestrator:MaxBatch must be from 1 to 512.")]
    public int MaxBatch { get; set; } = 64;

    /// <summary>
    /// How long a process has to send messages that it claimed before a relay takes them over. Longer than
    /// <see cref="OutboxSendSeconds"/>.
    /// </summary>
    [Range(2, 300, ErrorMessage = "Saga:Orchestrator:OutboxClaimSeconds must be from 2 to 300.")]
    public int OutboxClaimSeconds { get; set; } = 10;

    /// <summary>How long the broker may take to confirm a message before the attempt to send it is given up. A woken operation is due again after twice that time.</summary>
    [Range(1, 120, ErrorMessage = "Saga:Orchestrator:OutboxSendSeconds must be from 1 to 120.")]
    public int OutboxSendSeconds { get; set; } = 5;

    /// <summary>How often the sweeper looks for due operations, in milliseconds, which is the precision of delays and deadlines.</summary>
    [Range(50, 60_000, ErrorMessage = "Saga:Orchestrator:SweepMilliseconds must be from 50 to 60000.")]
    public int SweepMilliseconds { get; set; } = 250;

    /// <summary>How long a compensation is retried, with growing pauses, before it stalls for an operator. A step may override it.</summary>
    [Range(1, 8760, ErrorMessage = "Saga:Orchestrator:CompensationHours must be from 1 to 8760.")]
    public int CompensationHours { get; set; } = 24;

    /// <summary>When a dispatch that no worker took is sent again. The pause doubles with each delivery, up to ten minutes.</summary>
    [Range(1, 600, ErrorMessage = "Saga:Orchestrator:RedeliverySeconds must be from 1 to 600.")]
    public int RedeliverySeconds { get; set; } = 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => OutboxClaimSeconds > OutboxSendSeconds ? [] :
    [
        new($"Saga:Orchestrator:OutboxClaimSeconds ({OutboxClaimSeconds}) must be longer than Saga:Orchestrator:OutboxSendSeconds ({OutboxSendSeconds}): otherwise messages are sent twice when the broker is slow."),
    ];
}
