using Npgsql;
using Saga.Contracts.Steps;
using Saga.Engine.Batches;
using Saga.Registry.Batches;

namespace Saga.Tests.Simulation;

/// <summary>The storage of batches for one process, which stops before each call of it, and which sometimes loses its connection.</summary>
internal sealed class WatchedBatchRuns(World world, SimulatedProcess process) : IBatchRuns
{
    private readonly Dictionary<Guid, Queue<BatchItem>> found = [];

    /// <summary>The items that it was given and has not begun yet.</summary>
    public HashSet<(Guid Batch, int Number)> InHand { get; } = [];

    private IBatchRuns Runs => world.Storage.BatchRuns;

    public Task<IReadOnlyList<BatchClaim>> TakeAsync(int limit, TimeSpan lasts, CancellationToken cancellationToken) => Runs.TakeAsync(limit, lasts, cancellationToken);

    public async Task ReleaseAsync(BatchClaim claim, CancellationToken cancellationToken)
    {
        await BeforeAsync("give back", claim);
        await Runs.ReleaseAsync(claim, cancellationToken);
    }

    public async Task SettleAsync(Guid batch, string caller, CancellationToken cancellationToken)
    {
        await process.Pause($"settle {world.NameOfBatch(batch)}");
        await Runs.SettleAsync(batch, caller, cancellationToken);
    }

    public async Task<BatchProgress> ProgressAsync(Batch batch, CancellationToken cancellationToken)
    {
        await process.Pause($"count {world.NameOfBatch(batch.Id)}");
        var progress = await Runs.ProgressAsync(batch, cancellationToken);
        return world.Mutant switch
        {
            Mutant.WaveIgnoresOpenItems when batch.State == BatchState.Running => progress with { Open = 0 },
            Mutant.FailedItemsAreIgnored => progress with { Failed = 0 },
            _ => progress,
        };
    }

    public async Task<BatchItem?> NextAsync(BatchClaim claim, CancellationToken cancellationToken)
    {
        InHand.RemoveWhere(i => i.Batch == claim.Batch.Id);
        await BeforeAsync("ask for the next item of", claim);
        var item = world.Mutant == Mutant.HaltIsIgnored ? await FindAsync(claim) : await Runs.NextAsync(claim, cancellationToken);
        if (item is not null && world.Mutant != Mutant.HaltIsIgnored)
            InHand.Add((claim.Batch.Id, item.Number));
        world.Say($"{process.Name} is given {(item is null ? "no item" : $"item {item.Number}")} of {world.NameOfBatch(claim.Batch.Id)}");
        return item;
    }

    public async Task<Guid?> OrderedAsync(BatchItem item, string caller, string key, CancellationToken cancellationToken)
    {
        await process.Pause($"look whether item {item.Number} of {world.NameOfBatch(item.BatchId)} was ordered");
        return await Runs.OrderedAsync(item, caller, key, cancellationToken);
    }

    public async Task BegunAsync(BatchClaim claim, BatchItem item, Guid operation, string key, CancellationToken cancellationToken)
    {
        await BeforeAsync($"write that item {item.Number} begins of", claim);
        await Runs.BegunAsync(claim, item, operation, key, cancellationToken);
        InHand.Remove((claim.Batch.Id, item.Number));
        await world.Promises.KeepsItsWavesAsync(claim.Batch.Id);
    }

    public async Task RecoverAsync(BatchClaim claim, string caller, string keyPrefix, CancellationToken cancellationToken)
    {
        await BeforeAsync("look for what was begun of", claim);
        await Runs.RecoverAsync(claim, caller, keyPrefix, cancellationToken);
    }

    public Task DeferAsync(BatchClaim claim, BatchItem item, DateTimeOffset until, CancellationToken cancellationToken) => Runs.DeferAsync(claim, item, until, cancellationToken);

    public async Task RefusedAsync(BatchClaim claim, BatchItem item, Failure failure, CancellationToken cancellationToken)
    {
        await BeforeAsync($"write that item {item.Number} is refused of", claim);
        await Runs.RefusedAsync(claim, item, failure, cancellationToken);
        InHand.Remove((claim.Batch.Id, item.Number));
        await world.Promises.KeepsItsWavesAsync(claim.Batch.Id);
    }

    public async Task DecideAsync(BatchClaim claim, BatchDecision decision, CancellationToken cancellationToken)
    {
        await BeforeAsync($"decide {decision.GetType().Name} for", claim);
        var before = await world.Storage.Operators.FindAsync(claim.Batch.Id);
        await Runs.DecideAsync(claim, decision, cancellationToken);
        await world.Promises.DecidedAsync(before!);
    }

    public async Task AbortAsync(BatchClaim claim, string actor, string why, CancellationToken cancellationToken)
    {
        await BeforeAsync("abort", claim);
        await Runs.AbortAsync(claim, actor, why, cancellationToken);
        world.Promises.Halted(claim.Batch.Id);
    }

    public async Task CloseAsync(BatchClaim claim, CancellationToken cancellationToken)
    {
        await BeforeAsync("close", claim);
        await Runs.CloseAsync(claim, cancellationToken);
    }

    private async Task BeforeAsync(string aboutTo, BatchClaim claim)
    {
        await process.Pause($"{aboutTo} {world.NameOfBatch(claim.Batch.Id)}");
        if (!world.Happens(Trouble.CommitFails))
            return;
        world.Say($"{process.Name} cannot {aboutTo} {world.NameOfBatch(claim.Batch.Id)}");
        throw new NpgsqlException("The connection broke.");
    }

    // For a planted bug: everything is found at once.
    private async Task<BatchItem?> FindAsync(BatchClaim claim)
    {
        if (!found.TryGetValue(claim.Token, out var left))
            found[claim.Token] = left = new((await world.Storage.Operators.ItemsAsync(claim.Batch.Id)).Where(i => i.State == BatchItemState.Pending));
        return left.TryDequeue(out var item) ? item : null;
    }
}
