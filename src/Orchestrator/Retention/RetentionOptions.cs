using System.ComponentModel.DataAnnotations;

namespace Saga.Orchestrator.Retention;

/// <summary>How long the registry keeps old data. Section <c>Saga:Retention</c>.</summary>
public sealed class RetentionOptions
{
    public const string Section = "Saga:Retention";

    /// <summary>How many days an operation keeps its step details and history after its end. During this time a duplicate message is recognised by its id. A scheduled command is kept as long after its end.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:OperationDays must be from 1 to 3650.")]
    public int OperationDays { get; set; } = 90;

    /// <summary>How many days a command with the same idempotency key returns the same operation.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:IdempotencyKeyDays must be from 1 to 3650.")]
    public int IdempotencyKeyDays { get; set; } = 30;

    /// <summary>How many days until a message that could not be sent is dropped.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:OutboxDays must be from 1 to 3650.")]
    public int OutboxDays { get; set; } = 30;

    /// <summary>How many days a dead letter is kept for an operator after its last arrival.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:DeadLetterDays must be from 1 to 3650.")]
    public int DeadLetterDays { get; set; } = 90;

    /// <summary>How many days a dead letter stays listed after it was returned to its queue.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Retention:ReturnedDeadLetterDays must be from 1 to 3650.")]
    public int ReturnedDeadLetterDays { get; set; } = 7;

    /// <summary>The most operations, keys or messages that one transaction prunes.</summary>
    [Range(1, 10_000, ErrorMessage = "Saga:Retention:BatchSize must be from 1 to 10000.")]
    public int BatchSize { get; set; } = 200;

    /// <summary>How often a process looks for old data, in seconds.</summary>
    [Range(1, 86_400, ErrorMessage = "Saga:Retention:IntervalSeconds must be from 1 to 86400.")]
    public int IntervalSeconds { get; set; } = 60;
}
