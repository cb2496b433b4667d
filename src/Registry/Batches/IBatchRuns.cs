using Saga.Contracts.Steps;
using Saga.Engine.Batches;

namespace Saga.Registry.Batches;

/// <summary>
/// What the runner of batches reads and writes. One runner at a time has a batch, by a claim that ends by itself. A runner that lost its claim
/// cannot change the batch, and an item that it begins all the same is the same order, by its idempotency key. Thread-safe; any number may run.
/// </summary>
public interface IBatchRuns
{
    /// <summary>Takes batches that have something to do, or to be told to their operations.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="lasts">How long the claim lasts.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    Task<IReadOnlyList<BatchClaim>> TakeAsync(int limit, TimeSpan lasts, CancellationToken cancellationToken);

    /// <summary>Gives the batch back, so that it is looked at again at once.</summary>
    Task ReleaseAsync(BatchClaim claim, CancellationToken cancellationToken);

    /// <summary>Writes down what became of the items that are running.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="caller">Who orders its items. That the operation refused the order of somebody else says nothing about the item.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    Task SettleAsync(Guid batch, string caller, CancellationToken cancellationToken);

    /// <summary>Where the batch stands.</summary>
    Task<BatchProgress> ProgressAsync(Batch batch, CancellationToken cancellationToken);

    /// <summary>The next item that has not begun, and may. While a rehearsal has not succeeded, no place is upgraded.</summary>
    /// <returns>Null when there is none, when the batch does not run any more, or when the claim was lost.</returns>
    Task<BatchItem?> NextAsync(BatchClaim claim, CancellationToken cancellationToken);

    /// <summary>What an order of the item was accepted as, by whichever runner, written down or not.</summary>
    /// <param name="item">The item.</param>
    /// <param name="caller">Who orders the items of the batch.</param>
    /// <param name="key">The idempotency key of the order.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The operation that carries it out; null when it was not ordered.</returns>
    Task<Guid?> OrderedAsync(BatchItem item, string caller, string key, CancellationToken cancellationToken);

    /// <summary>Writes down that an item has begun, also if the batch was aborted at that moment, and when the next one may.</summary>
    /// <param name="claim">The runner's claim. Without effect if it was lost.</param>
    /// <param name="item">The item.</param>
    /// <param name="operation">The operation that carries it out.</param>
    /// <param name="key">The idempotency key of the order, by which its history line is found.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    Task BegunAsync(BatchClaim claim, BatchItem item, Guid operation, string key, CancellationToken cancellationToken);

    /// <summary>Writes down what runners ordered of an aborted batch and did not live to write down. Its operation must have ended, so that they order nothing more.</summary>
    /// <param name="claim">The runner's claim. Without effect if it was lost.</param>
    /// <param name="caller">Who orders the items of the batch.</param>
    /// <param name="keyPrefix">What the idempotency keys of the items begin with; the number follows, and which rehearsal it is after the first.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    Task RecoverAsync(BatchClaim claim, string caller, string keyPrefix, CancellationToken cancellationToken);

    /// <summary>Writes down that an item does not begin before a time. Others go first.</summary>
    Task DeferAsync(BatchClaim claim, BatchItem item, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Writes down that an item was refused.</summary>
    Task RefusedAsync(BatchClaim claim, BatchItem item, Failure failure, CancellationToken cancellationToken);

    /// <summary>Carries out a decision about the whole batch, with the event that shows it.</summary>
    Task DecideAsync(BatchClaim claim, BatchDecision decision, CancellationToken cancellationToken);

    /// <summary>Ends a batch whose operation has ended without it, because somebody cancelled it or sent its signal.</summary>
    Task AbortAsync(BatchClaim claim, string actor, string why, CancellationToken cancellationToken);

    /// <summary>Writes down that the batch's operation knows of its end.</summary>
    Task CloseAsync(BatchClaim claim, CancellationToken cancellationToken);
}
