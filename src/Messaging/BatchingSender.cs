namespace Saga.Messaging;

/// <summary>
/// The way to one queue. What comes while <see cref="AtOnce"/> sends wait for the broker's word goes together with the next: so
/// batches grow with the load, and alone a message waits for nobody. Thread-safe.
/// </summary>
/// <param name="send">Puts one batch on the bus and waits for the broker's word that it has it.</param>
/// <param name="maxBatch">Messages that may go together.</param>
internal sealed class BatchingSender(Func<MessageBatch, CancellationToken, Task> send, int maxBatch = BatchingSender.MaxBatch)
{
    /// <summary>With one, a second message waits for the first one's confirmation, which is a write to the disks of the broker's nodes.</summary>
    public const int AtOnce = 2;

    /// <summary>A batch goes to one process: a larger one would leave the others idle.</summary>
    public const int MaxBatch = 16;

    /// <summary>The same for steps, which take longer than what else is sent.</summary>
    public const int MaxWorkerBatch = 8;

    private readonly Lock gate = new();
    private readonly Queue<Waiting> waiting = new();
    private int underWay;
    private volatile bool crowded;

    /// <summary>Ends when the broker has the message. Who gives up before it has left, takes it back.</summary>
    public async Task SendAsync(BatchedMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var mine = new Waiting(message);
        bool drains;
        lock (gate)
        {
            waiting.Enqueue(mine);
            drains = underWay < AtOnce;
            if (drains)
                underWay++;
        }

        if (drains)
        {
            // It will send for others, too, and belongs to nobody's trace.
            using (ExecutionContext.SuppressFlow())
                _ = DrainAsync();
        }

        await using (cancellationToken.Register(() => mine.Sent.TrySetCanceled(cancellationToken)))
            await mine.Sent.Task;
    }

    private async Task DrainAsync()
    {
        // Where many send, others are about to in this same moment, since one commit wakes many: they go first, and come along.
        if (crowded)
            await Task.Yield();
        while (Next() is { Count: > 0 } together)
        {
            await SendAsync(together);
            if (crowded)
                await Task.Yield();
        }
    }

    private List<Waiting> Next()
    {
        var together = new List<Waiting>();
        lock (gate)
        {
            while (together.Count < maxBatch && waiting.TryDequeue(out var next))
            {
                if (!next.Sent.Task.IsCompleted)
                    together.Add(next);
            }

            if (together.Count > 0)
                crowded = together.Count > 1;
            else
                underWay--;
        }

        return together;
    }

    private async Task SendAsync(List<Waiting> together)
    {
        using var abandoned = new CancellationTokenSource();
        try
        {
            var sending = send(new MessageBatch { Messages = together.ConvertAll(w => w.Message) }, abandoned.Token);
            // While one of its senders still waits, so does the batch: for a broker that is away, as long as it takes.
            if (await Task.WhenAny(sending, Task.WhenAll(together.Select(w => w.Sent.Task))) != sending)
                await abandoned.CancelAsync();
            await sending;
            together.ForEach(w => w.Sent.TrySetResult());
        }
        catch (Exception error)
        {
            together.ForEach(w => w.Sent.TrySetException(error));
        }
    }

    private sealed record Waiting(BatchedMessage Message)
    {
        public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
