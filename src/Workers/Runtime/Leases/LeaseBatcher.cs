using System.Threading.Channels;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime.Leases;

/// <summary>
/// Group commit for leases: dispatches that arrive while a transaction takes leases share the next one. A single dispatch does not
/// wait; under load, dispatches share the round trip.
/// </summary>
internal sealed class LeaseBatcher(ILeaseStore store, TimeSpan span) : IAsyncDisposable
{
    private const int MaxBatch = 64;
    private readonly Channel<Asking> asking = Channel.CreateUnbounded<Asking>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock gate = new();
    private Task? running;

    /// <summary>Tries to take the lease, and loads the tenant in the same round trip.</summary>
    public async Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(LeaseRequest request, TenantId? tenant, CancellationToken cancellationToken)
    {
        var mine = new Asking(request, tenant);
        if (!asking.Writer.TryWrite(mine))
            throw new OperationCanceledException("The worker is stopping.");
        lock (gate)
            running ??= Task.Run(RunAsync, CancellationToken.None);
        if (await mine.Answer.Task.WaitAsync(cancellationToken) is { } answer)
            return answer;
        // Another transaction had locked the row. Waiting for it outside the batch delays nobody and holds no other locks.
        return await store.TakeAsync(request, tenant, span, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        asking.Writer.TryComplete();
        if (running is not null)
            await running;
    }

    private async Task RunAsync()
    {
        // A worker starts before its lease is flushed to disk. If the server crashes in between, the lease is gone and the worker's writes
        // are refused, as after the end of a lease.
        await using var session = store.OpenSession(waitsForDisk: false);
        var batch = new List<Asking>(MaxBatch);
        while (await asking.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MaxBatch && asking.Reader.TryRead(out var next))
                batch.Add(next);
            try
            {
                await TakeAsync(session, batch);
            }
            catch (Exception error)
            {
                foreach (var one in batch)
                    one.Answer.TrySetException(error);
            }
        }
    }

    private async Task TakeAsync(ILeaseSession session, List<Asking> batch)
    {
        // If two dispatches of one step are delivered at the same moment, one of them is handled separately.
        var leases = batch.DistinctBy(a => (a.Request.Lease.OperationId, a.Request.Lease.Step)).ToList();
        var taken = await session.TakeAsync(
            leases.ConvertAll(a => a.Request), [.. leases.Select(a => a.Tenant).OfType<TenantId>().Distinct()], span, CancellationToken.None);
        foreach (var one in batch)
        {
            var known = taken.ByHolder.TryGetValue(one.Request.Lease.Holder, out var reply);
            if (reply is { Outcome: LeaseAnswer.Taken } && one.Tenant is { } id && taken.Unreadable.TryGetValue(id, out var reason))
            {
                one.Answer.TrySetException(new UnreadableTenantException(reason));
                continue;
            }

            one.Answer.TrySetResult(known
                ? (reply!, one.Tenant is { } tenant ? taken.Tenants.GetValueOrDefault(tenant) : null)
                : null);
        }
    }

    private sealed record Asking(LeaseRequest Request, TenantId? Tenant)
    {
        /// <summary>Null when the row was locked, or does not exist.</summary>
        public TaskCompletionSource<(LeaseReply Reply, Tenant? Tenant)?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
