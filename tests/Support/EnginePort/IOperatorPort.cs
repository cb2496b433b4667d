using Saga.Contracts.Commands;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Replays;

namespace Saga.Tests.Support.EnginePort;

/// <summary>What people write: batches, and orders for operations.</summary>
public interface IOperatorPort
{
    /// <summary>Prepares a batch of replays of those of the operations that exist.</summary>
    /// <returns>The number of its items; nothing was written if it is 0.</returns>
    Task<int> PrepareReplaysAsync(Batch batch, IReadOnlyList<Guid> operations, ReplayMode? mode);

    /// <summary>Prepares a batch of commands for those of the tenants that exist.</summary>
    /// <returns>The number of its items; nothing was written if it is 0.</returns>
    Task<int> PrepareCommandsAsync(Batch batch, IReadOnlyList<Guid> tenants);

    /// <summary>Accepts the order to run a batch. It fails with <see cref="BatchStore.NotPrepared"/> if the batch is not prepared.</summary>
    Task<AcceptanceConflict?> RunAsync(Guid batch, Func<DateTimeOffset, Acceptance> decide);

    /// <inheritdoc cref="BatchStore.OrderAsync"/>
    Task<string?> OrderAsync(Guid batch, BatchOrder order, string actor, string reason);

    Task<Batch?> FindAsync(Guid batch);

    /// <summary>All items, in the order in which they begin.</summary>
    Task<IReadOnlyList<BatchItem>> ItemsAsync(Guid batch);

    /// <summary>Orders a replay of a stalled operation, which must not be locked.</summary>
    /// <param name="command">The order.</param>
    /// <param name="actor">Who orders.</param>
    /// <param name="parent">The operation that stands for the batch of which the order is an item; null when it is none.</param>
    Task<ReplayReading?> ReplayAsync(ReplayOperation command, string actor, Guid? parent = null);

    /// <inheritdoc cref="ReplayStore.FindEndedAsync"/>
    Task<EndedOperation?> FindEndedAsync(Guid operation);
}
