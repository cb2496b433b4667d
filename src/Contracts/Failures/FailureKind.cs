using System.Text.Json.Serialization;

namespace Saga.Contracts.Failures;

/// <summary>What kind of failure it is. The kind alone decides whether another attempt is made, and what it costs.</summary>
[JsonConverter(typeof(FailureKindJson))]
public enum FailureKind
{
    /// <summary>The same attempt would fail again: there is no second one.</summary>
    Permanent,

    /// <summary>The same attempt may succeed: it is made again, after a delay, until the step's attempts are used up.</summary>
    Transient,

    /// <summary>The external system is away. The step waits for it and loses no attempt; the system's circuit counts it.</summary>
    Outage,

    /// <summary>The external system is there and asks for less. The step comes back later and loses no attempt; no circuit counts it.</summary>
    Overload,
}
