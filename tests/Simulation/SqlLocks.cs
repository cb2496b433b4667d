using Saga.Registry.Transitions;

namespace Saga.Tests.Simulation;

/// <summary>Notes which operations the transactions under way have locked, so that the scheduler starts nothing that would wait for them.</summary>
internal sealed class SqlLocks(ITransitionStore store) : ITransitionStore
{
    private readonly HashSet<Guid> locked = [];

    public IReadOnlySet<Guid> Locked => locked;

    public ITransitionSession OpenSession() => new Session(store.OpenSession(), locked);

    private sealed class Session(ITransitionSession session, HashSet<Guid> locked) : ITransitionSession
    {
        private Batch? open;

        public async Task<ITransitionBatch> BeginAsync(IReadOnlyList<OperationMessage> messages, CancellationToken cancellationToken)
        {
            var batch = await session.BeginAsync(messages, cancellationToken);
            List<Guid> operations = [.. messages.Select(m => m.OperationId)];
            locked.UnionWith(operations);
            return open = new(batch, locked, operations);
        }

        public async ValueTask DisposeAsync()
        {
            await session.DisposeAsync();
            open?.Unlock();
        }
    }

    private sealed class Batch(ITransitionBatch batch, HashSet<Guid> locked, List<Guid> operations) : ITransitionBatch
    {
        private bool ended;

        public DateTimeOffset Now => batch.Now;

        public LoadedOperation? Find(Guid operationId) => batch.Find(operationId);

        public string? WhyUnreadable(Guid operationId) => batch.WhyUnreadable(operationId);

        public async Task CommitAsync(IReadOnlyList<OperationChange> changes, IReadOnlyList<Guid> sent, TimeSpan claim, CancellationToken cancellationToken)
        {
            await batch.CommitAsync(changes, sent, claim, cancellationToken);
            Unlock();
        }

        public async ValueTask DisposeAsync()
        {
            await batch.DisposeAsync();
            Unlock();
        }

        public void Unlock()
        {
            if (ended)
                return;
            ended = true;
            locked.ExceptWith(operations);
        }
    }
}
