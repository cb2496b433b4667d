using MassTransit;

namespace Saga.Workers.Runtime;

/// <summary>
/// Limits how many steps of one queue this process runs at once. A slot is taken before the lease, because the delivery is
/// acknowledged once the lease is taken, and from then on the broker limits nothing. Thread-safe.
/// </summary>
internal sealed class WorkSlots(int count) : IDisposable
{
    // Well below the broker's timeout for unacknowledged deliveries; RabbitMQ's default is half an hour.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim free = new(count);

    /// <returns>The slot, which the caller must dispose; null when none became free in time, so that the orchestrator must send the dispatch again.</returns>
    public async Task<IDisposable?> WaitAsync(ConsumeContext context, CancellationToken cancellationToken)
    {
        var left = Patience - context.ReceiveContext.ElapsedTime;
        return await free.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken) ? new Slot(free) : null;
    }

    public void Dispose() => free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
                free.Release();
        }
    }
}
