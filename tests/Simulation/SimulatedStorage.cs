using Saga.Engine.Operations;
using Saga.Registry.Outbox;
using Saga.Tests.Support.EnginePort;
using Saga.Tests.Support.InMemory;

namespace Saga.Tests.Simulation;

/// <summary>The engine's port under the simulation's clock, and what the simulation looks at behind the port.</summary>
internal abstract class SimulatedStorage(SimulatedTime time, IEnginePort port) : EnginePortOf(port)
{
    /// <summary>Added to the clock.</summary>
    public abstract TimeSpan Offset { get; set; }

    public DateTimeOffset Now => time.Now + Offset;

    /// <summary>Operations that a transaction under way has locked.</summary>
    public abstract IReadOnlySet<Guid> Locked { get; }

    /// <summary>The holders of the scopes.</summary>
    public abstract IReadOnlyDictionary<string, Guid> Scopes { get; }

    /// <summary>The operations that wait for scopes, the longest waiting first.</summary>
    public abstract IReadOnlyList<WaitRow> ScopeQueue { get; }

    /// <summary>How many messages the outbox has.</summary>
    public abstract int Messages { get; }

    /// <summary>The batches that were prepared, by their ids.</summary>
    public abstract IReadOnlyList<StoredBatchRow> Batches { get; }

    public abstract SlotState SlotOf(Guid operation);

    /// <summary>Everything that the engine has written.</summary>
    public abstract StoredRows Read();

    /// <summary>Puts a message into the outbox like a writer that does not send it itself.</summary>
    public abstract void Add(OutboxMessage message);

    /// <summary>For a planted bug: nothing wakes the operation.</summary>
    public abstract void Forget(Guid operation);

    /// <summary>For a planted bug: takes a scope, unless somebody has it.</summary>
    public abstract void Keep(string scope, Guid operation);

    /// <summary>For a planted bug: frees all scopes.</summary>
    public abstract void FreeScopes();

    /// <summary>Called before code of a process runs, because time may have passed.</summary>
    public abstract void Synchronize();

    /// <summary>Lets code of a process run until this is so.</summary>
    public abstract void RunUntil(Func<bool> done);
}
