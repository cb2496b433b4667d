using Saga.Contracts.CustomSteps;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Waits;
using System.Text.Json.Serialization;

namespace Saga.Engine.Workflows;

[JsonConverter(typeof(JsonStringEnumConverter<StepKind>))]
public enum StepKind
{
    /// <summary>Before the pivot: undone when the operation compensates.</summary>
    [JsonStringEnumMemberName("compensatable")] Compensatable,

    /// <summary>The step after which the operation only goes forward.</summary>
    [JsonStringEnumMemberName("pivot")] Pivot,

    /// <summary>After the pivot: retried until it succeeds or stalls.</summary>
    [JsonStringEnumMemberName("retriable")] Retriable,
}

/// <summary>One unit of work, executed by one worker.</summary>
public sealed record StepDefinition
{
    public required string Name { get; init; }

    /// <summary>The worker whose queue takes the step; empty for a step that waits.</summary>
    public string Worker { get; init; } = "";

    /// <summary>What the step waits for; null for a step that a worker runs. Needs the engine level <see cref="EngineLevel.Waits"/>.</summary>
    public WaitDefinition? Wait { get; init; }

    public StepKind Kind { get; init; } = StepKind.Compensatable;

    /// <summary>The steps that must succeed before this one may run.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>The steps whose outputs this one reads. Each must run before it, directly or through others.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Whether a custom step gets the command. The product's own steps say so themselves.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NeedsInput { get; init; }

    /// <summary>The endpoint that a custom step calls; null for every other step.</summary>
    public HttpCall? Http { get; init; }

    /// <summary>What a process that can run the step says that it hosts: the step, or for a call to an endpoint the secret that signs it.</summary>
    [JsonIgnore]
    public string HostedAs => Http is { } http ? HttpCall.HostedBy(http.Secret) : Name;

    /// <summary>Whether it changes nothing but the registry, in both directions.</summary>
    [JsonIgnore]
    public bool OnlyWritesRegistry => Worker is WorkerNames.Reservation or WorkerNames.Configuration;

    /// <summary>The most forward attempts, including the first; at least 1. Compensations have a time limit instead: <see cref="CompensationDeadline"/>.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>How long one attempt may take, from the moment a worker takes it, before it is given up and retried; at most a day.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Makes an attempt, in either direction, last as long as it reports progress: it is given up this long after its last progress,
    /// instead of after <see cref="AttemptTimeout"/>; at most a day. Null for a step with a fixed end. Needs the engine level
    /// <see cref="EngineLevel.Progress"/>.
    /// </summary>
    public TimeSpan? StallAfter { get; init; }

    /// <summary>How long all forward attempts may take together. Time in a queue, time while deferred and time with progress do not count.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The upper bound of the first delay; it doubles with each attempt up to <see cref="BackoffLimit"/>.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan BackoffLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the compensation is retried; null for the orchestrator's <c>CompensationHours</c>.</summary>
    public TimeSpan? CompensationDeadline { get; init; }

    /// <summary>How long the step may be deferred without a result in between, before the operation stalls.</summary>
    public TimeSpan DeferredAtMost { get; init; } = TimeSpan.FromHours(6);
}
