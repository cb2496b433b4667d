using System.Text.Json.Serialization;

namespace Saga.Contracts.Failures;

/// <summary>The kind of a failure. The kind alone decides whether there is another attempt and what it costs.</summary>
[JsonConverter(typeof(FailureKindJson))]
public enum FailureKind
{
    /// <summary>The same attempt would fail again, so there is no retry.</summary>
    Permanent,

    /// <summary>The same attempt may succeed. It is repeated after a delay until the step's attempts are used up.</summary>
    Transient,

    /// <summary>The external system is unavailable. The step is deferred and loses no attempt; the system's circuit breaker counts the failure.</summary>
    Outage,

    /// <summary>The external system works but is overloaded. The step is deferred and loses no attempt; no circuit breaker counts the failure.</summary>
    Overload,
}
