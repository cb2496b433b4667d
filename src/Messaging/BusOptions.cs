using System.ComponentModel.DataAnnotations;

namespace Saga.Messaging;

public enum BusAdapter
{
    /// <summary>The real bus: quorum queues on RabbitMQ, any number of processes.</summary>
    RabbitMq,

    /// <summary>The embedded bus, within one process. Messages in flight are lost with the process and dispatched again at start.</summary>
    InMemory,
}

/// <summary>The message bus. Section <c>Saga:Bus</c>.</summary>
public sealed class BusOptions : IValidatableObject
{
    public const string Section = "Saga:Bus";

    /// <summary><c>rabbitmq</c> or <c>inmemory</c>.</summary>
    public BusAdapter Adapter { get; set; } = BusAdapter.RabbitMq;

    /// <summary>An AMQP address with user and password, such as <c>amqp://saga:secret@broker:5672/saga</c>.</summary>
    public string? RabbitMq { get; set; }

    /// <summary>Messages that one endpoint of one process handles at once, batched or not; 1 to 256.</summary>
    [Range(1, 256, ErrorMessage = "Saga:Bus:Concurrency must be from 1 to 256.")]
    public int Concurrency { get; set; } = 32;

    /// <summary>
    /// How long this process keeps delivered messages while the registry is unavailable. After that they go back to the broker, and
    /// nothing is consumed until the registry answers. 1 to 600. The in-memory bus keeps them without a limit.
    /// </summary>
    [Range(1, 600, ErrorMessage = "Saga:Bus:PauseAfterSeconds must be from 1 to 600.")]
    public int PauseAfterSeconds { get; set; } = 10;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Adapter == BusAdapter.RabbitMq && !(Uri.TryCreate(RabbitMq, UriKind.Absolute, out var address) && address.Scheme is "amqp" or "amqps"))
            yield return new ValidationResult("Saga:Bus:RabbitMq must be an AMQP address such as amqp://user:password@host:5672/vhost, or Saga:Bus:Adapter must be inmemory.");
    }
}
