using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator;

/// <summary>The saga engine. Section <c>Saga:Orchestrator</c>.</summary>
public sealed class OrchestratorOptions
{
    public const string Section = "Saga:Orchestrator";

    /// <summary>Transactions that commit transitions side by side; each takes one connection.</summary>
    [Range(1, 32, ErrorMessage = "Saga:Orchestrator:Lanes must be from 1 to 32.")]
    public int Lanes { get; set; } = 1;

    /// <summary>Transitions of different operations that may share one transaction.</summary>
    [Range(1, 512, ErrorMessage = "Saga:Orchestrator:MaxBatch must be from 1 to 512.")]
    public int MaxBatch { get; set; } = 64;

    /// <summary>How long a process may take to send its own outbox rows before a relay takes them over.</summary>
    [Range(1, 300, ErrorMessage = "Saga:Orchestrator:OutboxClaimSeconds must be from 1 to 300.")]
    public int OutboxClaimSeconds { get; set; } = 10;

    /// <summary>How often the sweeper looks for what is due, in milliseconds: the precision of delays and deadlines.</summary>
    [Range(50, 60_000, ErrorMessage = "Saga:Orchestrator:SweepMilliseconds must be from 50 to 60000.")]
    public int SweepMilliseconds { get; set; } = 250;

    /// <summary>For how long a compensation is tried, with growing pauses, before it stalls for an operator; unless its step says otherwise.</summary>
    [Range(1, 8760, ErrorMessage = "Saga:Orchestrator:CompensationHours must be from 1 to 8760.")]
    public int CompensationHours { get; set; } = 24;
}
