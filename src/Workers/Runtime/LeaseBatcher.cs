using System.Threading.Channels;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>
/// Group commit for leases: dispatches that arrive while one transaction takes leases share the next one. Alone a
/// dispatch waits for nobody; under load the round trip and the flush to disk are shared.
/// </summary>
internal sealed class LeaseBatcher(ILeaseStore store, TimeSpan span) : IAsyncDisposable
{
    private const int MaxBatch = 64;
    private readonly Channel<Asking> asking = Channel.CreateUnbounded<Asking>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock gate = new();
    private Task? running;

    /// <summary>Tries to take the lease; loads the tenant in the same round trip.</summary>
    public async Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(LeaseRequest request, TenantId? tenant, CancellationToken cancellationToken)
    {
        var mine = new Asking(request, tenant);
        if (!asking.Writer.TryWrite(mine))
            throw new OperationCanceledException("The worker is stopping.");
        lock (gate)
            running ??= Task.Run(RunAsync, CancellationToken.None);
        if (await mine.Answer.Task.WaitAsync(cancellationToken) is { } answer)
            return answer;
        // Somebody else had the row: waiting for it alone holds up nobody, and holds nothing that another may wait for.
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
        // A worker begins before the disk knows of its lease. If the server crashes in between, the lease is nobody's: what the
        // worker would write under it is refused, as after the end of a lease.
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
        // Of two dispatches of one step, delivered at the same moment, one asks by itself.
        var leases = batch.DistinctBy(a => (a.Request.Lease.OperationId, a.Request.Lease.Step)).ToList();
        var taken = await session.TakeAsync(
            leases.ConvertAll(a => a.Request), [.. leases.Select(a => a.Tenant).OfType<TenantId>().Distinct()], span, CancellationToken.None);
        foreach (var one in batch)
        {
            if (one.Tenant is { } id && taken.Unreadable.TryGetValue(id, out var reason))
            {
                one.Answer.TrySetException(new UnreadableTenantException(reason));
                continue;
            }

            one.Answer.TrySetResult(taken.ByHolder.TryGetValue(one.Request.Lease.Holder, out var reply)
                ? (reply, one.Tenant is { } tenant ? taken.Tenants.GetValueOrDefault(tenant) : null)
                : null);
        }
    }

    private sealed record Asking(LeaseRequest Request, TenantId? Tenant)
    {
        /// <summary>Null when the row was locked, or is not there.</summary>
        public TaskCompletionSource<(LeaseReply Reply, Tenant? Tenant)?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
