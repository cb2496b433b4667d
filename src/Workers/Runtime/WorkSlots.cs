using MassTransit;

namespace Saga.Workers.Runtime;

/// <summary>
/// How many steps of one queue this process works on at once. A slot is taken before the lease, since the delivery is acknowledged
/// once the lease is taken, and the broker bounds nothing from then on. Thread-safe.
/// </summary>
internal sealed class WorkSlots(int count) : IDisposable
{
    // Well below the time after which a broker gives a delivery up that is not acknowledged: RabbitMQ's default is half an hour.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim free = new(count);

    /// <summary>Slots that nobody has.</summary>
    public int Free => free.CurrentCount;

    /// <returns>The slot, to be disposed; null when none was free for so long that the orchestrator is to send the dispatch again.</returns>
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
