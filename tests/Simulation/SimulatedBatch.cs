using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;

namespace Saga.Tests.Simulation;

/// <summary>What the simulation knows of a batch.</summary>
internal sealed class SimulatedBatch(Guid id, string name, BatchKind kind)
{
    /// <summary>The tenants to which batches give commands.</summary>
    public static readonly IReadOnlyList<Guid> Tenants = [.. Enumerable.Range(1, 5).Select(n => new Guid(900_000_000 + n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))];

    /// <summary>What its operations hold. Commands of others hold the first two, too.</summary>
    public static string ScopeOf(Guid tenant) => $"tenant:{(char)('a' + Tenants.TakeWhile(t => t != tenant).Count())}";

    public Guid Id { get; } = id;

    public string Name { get; } = name;

    public BatchKind Kind { get; } = kind;

    /// <summary>Who orders its items.</summary>
    public string Caller { get; } = Saga.Lifecycle.Intake.Caller.OfBatch(id, isAdministrator: true).ToString();

    /// <summary>In the order in which they begin.</summary>
    public IReadOnlyList<SimulatedItem> Items { get; set; } = [];

    /// <summary>Of commands: what each tenant's operation does.</summary>
    public WorkflowDefinition? Workflow { get; init; }

    /// <inheritdoc cref="SimulatedOperation.Lingers"/>
    public Dictionary<string, TimeSpan> Lingers { get; init; } = [];

    /// <summary>The operation that stands for it; null until it runs.</summary>
    public Guid? OperationId { get; set; }

    /// <summary>The items that runners had in their hands when it was paused or aborted; null while it runs.</summary>
    public IReadOnlySet<int>? InHand { get; set; }

    public SimulatedItem this[int number] => Items[number - 1];
}

/// <summary>What the simulation knows of an item.</summary>
internal sealed class SimulatedItem(SimulatedBatch batch, int number, Guid subject)
{
    public SimulatedBatch Batch { get; } = batch;

    public int Number { get; } = number;

    public Guid Subject { get; } = subject;

    /// <summary>The operation that carries it out; null until it was ordered.</summary>
    public Guid? Operation { get; set; }

    /// <summary>Of a replay of a stalled operation: the order's message.</summary>
    public Guid? Order { get; set; }

    /// <summary>Whether the operation refused the order.</summary>
    public bool WasRefused { get; set; }

    /// <summary>Whether the order was lost with an in-memory bus.</summary>
    public bool IsLost { get; set; }

    /// <summary>The states in which its operation came to rest after the order.</summary>
    public List<OperationState> Rests { get; } = [];

    /// <summary>Whether its operation may still work on it.</summary>
    public bool IsOpen => Operation is not null && Rests.Count == 0 && !WasRefused && !IsLost;
}
