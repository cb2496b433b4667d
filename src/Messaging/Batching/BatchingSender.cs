namespace Saga.Messaging.Batching;

/// <summary>
/// Sends to one queue in batches. While <see cref="AtOnce"/> sends wait for the broker's confirmation, further messages collect and
/// go with the next send. So batches grow with the load, and a single message does not wait. Thread-safe.
/// </summary>
/// <param name="send">Sends one batch and waits for the broker's confirmation. Must end soon after it is cancelled.</param>
/// <param name="time">Measures <see cref="Limit"/>.</param>
/// <param name="maxBatch">The most messages in one batch.</param>
internal sealed class BatchingSender(Func<MessageBatch, CancellationToken, Task> send, TimeProvider time, int maxBatch = BatchingSender.MaxBatch)
{
    /// <summary>
    /// How long a batch waits for its confirmation. When a broker is killed, RabbitMQ.Client may never end a publish that was under way
    /// (rabbitmq-dotnet-client issue 1930). Without a limit, <see cref="AtOnce"/> such batches would block the queue indefinitely.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>With only one, a second message would wait for the first one's confirmation, which needs a disk write on the broker's nodes.</summary>
    public const int AtOnce = 2;

    /// <summary>A batch goes to one process, so a larger one would leave other processes idle.</summary>
    public const int MaxBatch = 16;

    /// <summary>The same limit for steps, which take longer than other messages.</summary>
    public const int MaxWorkerBatch = 8;

    private readonly Lock gate = new();
    private readonly Queue<Waiting> waiting = new();
    private int underWay;
    private volatile bool crowded;

    /// <summary>Completes when the broker has the message. A caller that cancels before the message is sent withdraws it.</summary>
    /// <exception cref="TimeoutException">The broker did not confirm the batch within <see cref="Limit"/>. The message may still arrive.</exception>
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
            // The loop sends messages of many callers, so it must not belong to one caller's trace.
            using (ExecutionContext.SuppressFlow())
                _ = DrainAsync();
        }

        await using (cancellationToken.Register(() => mine.Sent.TrySetCanceled(cancellationToken)))
            await mine.Sent.Task;
    }

    private async Task DrainAsync()
    {
        // One commit wakes many senders at the same moment. Yielding lets the others enqueue first, so their messages join this batch.
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
        using var limit = new CancellationTokenSource(Limit, time);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        try
        {
            var sending = send(new MessageBatch { Messages = together.ConvertAll(w => w.Message) }, abandoned.Token);
            // The batch waits as long as one of its senders still waits.
            if (await Task.WhenAny(sending, Task.WhenAll(together.Select(w => w.Sent.Task))) != sending)
                await abandoned.CancelAsync();
            await sending;
            together.ForEach(w => w.Sent.TrySetResult());
        }
        catch (Exception error)
        {
            if (error is OperationCanceledException && limit.IsCancellationRequested)
                error = new TimeoutException($"The broker did not confirm the message within {Limit.TotalSeconds:0} s. It may still arrive.", error);
            together.ForEach(w => w.Sent.TrySetException(error));
        }
    }

    private sealed record Waiting(BatchedMessage Message)
    {
        public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
