using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Runtime;

/// <summary>The workers of this process. Section <c>Saga:Workers</c>.</summary>
public sealed class WorkersOptions
{
    public const string Section = "Saga:Workers";

    /// <summary>The workers that run in this process, such as <c>["database", "identity"]</c>; all when empty.</summary>
    public IList<string> Run { get; init; } = [];

    /// <summary>Steps that one worker of this process runs at once, not counting compensations.</summary>
    [Range(1, 256, ErrorMessage = "Saga:Workers:Concurrency must be from 1 to 256.")]
    public int Concurrency { get; set; } = 16;

    /// <summary>Compensations that one worker of this process runs at once. They have their own queue and slots and never wait behind steps.</summary>
    [Range(1, 256, ErrorMessage = "Saga:Workers:CompensationConcurrency must be from 1 to 256.")]
    public int CompensationConcurrency { get; set; } = 16;

    /// <summary>How long running steps may continue when the process stops, before they are cancelled and given back.</summary>
    [Range(0, 3600, ErrorMessage = "Saga:Workers:StopSeconds must be from 0 to 3600.")]
    public int StopSeconds { get; set; } = 8;

    /// <summary>How long a lease lasts without renewal. After twice that time without one, the worker counts as lost.</summary>
    [Range(2, 300, ErrorMessage = "Saga:Workers:LeaseSeconds must be from 2 to 300.")]
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>How long a circuit stays open before one step probes the system.</summary>
    [Range(1, 600, ErrorMessage = "Saga:Workers:CircuitSeconds must be from 1 to 600.")]
    public int CircuitSeconds { get; set; } = 10;

    /// <summary>Failures that open a system's circuit: this many in a row, or in the window if they are at least half of the latest calls.</summary>
    [Range(2, 100, ErrorMessage = "Saga:Workers:CircuitFailures must be from 2 to 100.")]
    public int CircuitFailures { get; set; } = 5;

    /// <summary>How long a call counts towards the share of failures.</summary>
    [Range(1, 3600, ErrorMessage = "Saga:Workers:CircuitWindowSeconds must be from 1 to 3600.")]
    public int CircuitWindowSeconds { get; set; } = 30;
}
