using Saga.Engine.Workflows;
using Saga.Registry.Leases;

namespace Saga.Tests.Support.EnginePort;

/// <summary>One implementation of the engine's port, with the operations that other parts of the system perform on it.</summary>
public abstract class EngineWorld(IEnginePort port) : EnginePortOf(port), IAsyncDisposable
{
    /// <summary>Moves the registry's clock.</summary>
    public abstract void Advance(TimeSpan by);

    /// <summary>Accepts an operation, without a message; it has a slot.</summary>
    public abstract Task<Guid> AcceptAsync(WorkflowDefinition workflow);

    /// <summary>Puts a message into the outbox like the intake, which does not send it itself.</summary>
    public abstract Task WriteAsync(Guid id, string type, string? queue, string body);

    /// <summary>Gives the operation a value that this version does not know.</summary>
    public abstract Task MakeUnreadableAsync(Guid operation);

    /// <summary>Makes up for <see cref="MakeUnreadableAsync"/>.</summary>
    public abstract Task MakeReadableAsync(Guid operation);

    /// <summary>Locks the row of a step that is leased, like an open transaction under its lease, until the result is disposed.</summary>
    public abstract Task<IAsyncDisposable> LockAsync(StepLease lease);

    /// <summary>The operation's history, as <c>event:step</c>.</summary>
    public abstract Task<IReadOnlyList<string>> HistoryAsync(Guid operation);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
