using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Runtime;

/// <summary>The workers of this process. Section <c>Saga:Workers</c>.</summary>
public sealed class WorkersOptions
{
    public const string Section = "Saga:Workers";

    /// <summary>Which workers run here, such as <c>["database", "identity"]</c>; all when empty.</summary>
    public IList<string> Run { get; init; } = [];

    /// <summary>Steps that one worker of this process works on at once, compensations aside.</summary>
    [Range(1, 256, ErrorMessage = "Saga:Workers:Concurrency must be from 1 to 256.")]
    public int Concurrency { get; set; } = 16;

    /// <summary>Compensations that one worker of this process works on at once. They have a queue and slots of their own, and never wait behind steps.</summary>
    [Range(1, 256, ErrorMessage = "Saga:Workers:CompensationConcurrency must be from 1 to 256.")]
    public int CompensationConcurrency { get; set; } = 16;

    /// <summary>How long what is under way may go on when the process stops, before it is cut short and given back.</summary>
    [Range(0, 3600, ErrorMessage = "Saga:Workers:StopSeconds must be from 0 to 3600.")]
    public int StopSeconds { get; set; } = 8;

    /// <summary>How long a lease lasts without renewal. Twice as long without one, and the worker is taken for lost.</summary>
    [Range(2, 300, ErrorMessage = "Saga:Workers:LeaseSeconds must be from 2 to 300.")]
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>How long a circuit stays open before one step tries the system again.</summary>
    [Range(1, 600, ErrorMessage = "Saga:Workers:CircuitSeconds must be from 1 to 600.")]
    public int CircuitSeconds { get; set; } = 10;

    /// <summary>Failures that open a system's circuit: in a row, or so many in the window when they are half of the latest calls.</summary>
    [Range(2, 100, ErrorMessage = "Saga:Workers:CircuitFailures must be from 2 to 100.")]
    public int CircuitFailures { get; set; } = 5;

    /// <summary>How long a call counts for the share of failures.</summary>
    [Range(1, 3600, ErrorMessage = "Saga:Workers:CircuitWindowSeconds must be from 1 to 3600.")]
    public int CircuitWindowSeconds { get; set; } = 30;
}
