using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Orchestrator.Outbox;
using Saga.Registry;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// Group commit. Transitions of different operations that are ready at the same moment share one transaction, so they share its cost
/// under load, and a single transition pays no more. Each queue runs one transaction at a time. An operation always uses the same
/// queue of a process, unless an earlier try failed. The row lock serialises queues and processes.
/// </summary>
internal sealed partial class Committer : IAsyncDisposable
{
    private readonly ITransitionStore store;
    private readonly SentMessages sent;
    private readonly ILogger<Committer> log;
    private readonly Channel<Transition>[] queues;
    // For transitions that must run alone. They may wait for a locked row while the others continue.
    private readonly Channel<Transition> aside = Channel.CreateUnbounded<Transition>(new UnboundedChannelOptions { SingleReader = true });
    private readonly int maxBatch;
    private readonly TimeSpan claim;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;

    public Committer(ITransitionStore store, SentMessages sent, IOptions<OrchestratorOptions> options, ILogger<Committer> log)
    {
        this.store = store;
        this.sent = sent;
        this.log = log;
        claim = TimeSpan.FromSeconds(options.Value.OutboxClaimSeconds);
        maxBatch = options.Value.MaxBatch;
        queues = [.. Enumerable.Range(0, options.Value.Committers).Select(_ =>
            Channel.CreateUnbounded<Transition>(new UnboundedChannelOptions { SingleReader = true }))];
        // The first transition creates this object, so its trace must not flow into the committer.
        using (ExecutionContext.SuppressFlow())
            running = Task.WhenAll(queues.Append(aside).Select(l => Task.Run(() => RunAsync(l, stopping.Token))));
    }

    /// <summary>Queues the transition and waits until its operation is loaded and locked.</summary>
    public async Task LoadAsync(Transition transition, CancellationToken cancellationToken)
    {
        var queue = transition.Alone ? aside : queues[(uint)transition.OperationId.GetHashCode() % (uint)queues.Length];
        if (!queue.Writer.TryWrite(transition))
            throw new OperationCanceledException("The orchestrator is stopping.");
        await transition.Loaded.WaitAsync(cancellationToken);
    }

    /// <summary>Disposed with the container, after the bus has stopped, because consumers need it until then.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync(Channel<Transition> queue, CancellationToken cancellationToken)
    {
        await using var session = store.OpenSession();
        var waiting = new List<Transition>();
        try
        {
            while (true)
            {
                if (waiting.Count == 0)
                    waiting.Add(await queue.Reader.ReadAsync(cancellationToken));
                while (waiting.Count < maxBatch && queue.Reader.TryRead(out var next))
                    waiting.Add(next);
                var batch = Choose(waiting);
                try
                {
                    await CommitAsync(session, batch, cancellationToken);
                }
                catch (Exception error)
                {
                    // Each message fails separately and is retried alone, which shows which one caused the failure.
                    LogBatchFailed(error, batch.Count);
                    var told = batch.Count == 1 || RegistryAvailability.IsTransient(error) ? error : new SharedTransactionException(error);
                    _ = Task.Run(() => batch.ForEach(t => t.Fail(told)), CancellationToken.None);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            queue.Writer.TryComplete();
            while (queue.Reader.TryRead(out var left))
                waiting.Add(left);
            foreach (var transition in waiting)
                transition.Fail(new OperationCanceledException("The orchestrator is stopping.", cancellationToken));
        }
    }

    // At most one transition per operation, and no others together with one that must run alone.
    private static List<Transition> Choose(List<Transition> waiting)
    {
        var chosen = new List<Transition>(waiting.Count);
        var operations = new HashSet<Guid>();
        foreach (var transition in waiting)
        {
            if (transition.Alone && chosen.Count > 0)
                continue;
            if (operations.Add(transition.OperationId))
                chosen.Add(transition);
            if (transition.Alone)
                break;
        }

        waiting.RemoveAll(chosen.Contains);
        return chosen;
    }

    private async Task CommitAsync(ITransitionSession session, List<Transition> batch, CancellationToken cancellationToken)
    {
        await using var open = await session.BeginAsync(batch.ConvertAll(t => new OperationMessage(t.OperationId, t.MessageId)), cancellationToken);
        foreach (var transition in batch)
            transition.Load(open.Find(transition.OperationId), open.WhyUnreadable(transition.OperationId), open.Now);

        foreach (var transition in batch)
            await transition.Decided;

        var done = sent.Take();
        try
        {
            using var activity = OrchestratorTelemetry.Source.StartActivity(OrchestratorTelemetry.Commit);
            activity?.SetTag("saga.transitions", batch.Count);
            await open.CommitAsync([.. batch.Select(t => t.Change).OfType<OperationChange>()], done, claim, cancellationToken);
        }
        catch
        {
            sent.Return(done);
            throw;
        }

        _ = Task.Run(() => batch.ForEach(t => t.Commit()), CancellationToken.None);
    }

    [LoggerMessage(EventId = 1151, Level = LogLevel.Warning, Message = "A transaction of {Count} transitions failed; each will be tried again alone.")]
    private partial void LogBatchFailed(Exception error, int count);
}
