using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator.Retention;

/// <summary>For how long the registry keeps what has ended. Section <c>Saga:Retention</c>.</summary>
public sealed class RetentionOptions
{
    public const string Section = "Saga:Retention";

    /// <summary>Days after its end in which an operation keeps its steps' details and its history. Within them a message that comes again is known by its id.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:OperationDays must be from 1 to 3650.")]
    public int OperationDays { get; set; } = 90;

    /// <summary>Days in which a command with the same idempotency key is the same operation.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:IdempotencyKeyDays must be from 1 to 3650.")]
    public int IdempotencyKeyDays { get; set; } = 30;

    /// <summary>Days after which a message that could not be sent is dropped.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:OutboxDays must be from 1 to 3650.")]
    public int OutboxDays { get; set; } = 30;

    /// <summary>Days in which a message that could not be consumed waits for an operator, since it last came.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:DeadLetterDays must be from 1 to 3650.")]
    public int DeadLetterDays { get; set; } = 90;

    /// <summary>Days in which a dead letter is still shown after it was returned to its queue.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:ReturnedDeadLetterDays must be from 1 to 3650.")]
    public int ReturnedDeadLetterDays { get; set; } = 7;

    /// <summary>Operations, keys or messages that one transaction prunes.</summary>
    [Range(1, 10_000, ErrorMessage = "Saga:Retention:BatchSize must be from 1 to 10000.")]
    public int BatchSize { get; set; } = 200;

    /// <summary>How often a process looks for what is old, in seconds.</summary>
    [Range(1, 86_400, ErrorMessage = "Saga:Retention:IntervalSeconds must be from 1 to 86400.")]
    public int IntervalSeconds { get; set; } = 60;
}
