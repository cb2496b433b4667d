using System.Text.Json;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryTransitions(InMemoryRegistry registry) : ITransitionStore
{
    public ITransitionSession OpenSession() => new Session(registry);

    private sealed class Session(InMemoryRegistry registry) : ITransitionSession
    {
        private Batch? open;

        public async Task<ITransitionBatch> BeginAsync(IReadOnlyList<OperationMessage> messages, CancellationToken cancellationToken)
        {
            var ids = messages.Select(m => m.OperationId).ToHashSet();
            await registry.LockAsync(ids, cancellationToken);
            lock (registry.Gate)
            {
                var now = registry.Now;
                var idle = registry.Idle + Downtime.Since(registry.Beat, now);
                var loaded = new Dictionary<Guid, LoadedOperation>();
                var unreadable = new Dictionary<Guid, string>();
                foreach (var message in messages)
                {
                    if (!registry.Operations.TryGetValue(message.OperationId, out var row))
                        continue;
                    if (row.Unreadable is { } reason)
                        unreadable[message.OperationId] = reason;
                    else
                        loaded[message.OperationId] = Load(message, row, idle);
                }

                return open = new Batch(registry, ids, loaded, unreadable, now, idle);
            }
        }

        public ValueTask DisposeAsync() => open?.DisposeAsync() ?? ValueTask.CompletedTask;

        private LoadedOperation Load(OperationMessage message, OperationRow row, TimeSpan idle) => new()
        {
            Id = message.OperationId,
            TenantId = row.Tenant,
            Workflow = row.Workflow,
            Stored = row.Stored,
            Steps = StepRun.InOrder(row.Workflow, registry.Steps.Where(s => s.Key.Operation == message.OperationId).Select(s => s.Value.Load(idle))),
            Seen = registry.Inbox.Contains((message.OperationId, message.MessageId)),
        };
    }

    private sealed class Batch(
        InMemoryRegistry registry, HashSet<Guid> locked, Dictionary<Guid, LoadedOperation> loaded, Dictionary<Guid, string> unreadable, DateTimeOffset now, TimeSpan idle)
        : ITransitionBatch
    {
        private static readonly TimeSpan FirstPutOff = TimeSpan.FromSeconds(10);
        private static readonly TimeSpan LongestPutOff = TimeSpan.FromHours(1);
        private bool ended;

        public DateTimeOffset Now { get; } = now;

        public LoadedOperation? Find(Guid operationId) => loaded.GetValueOrDefault(operationId);

        public string? WhyUnreadable(Guid operationId) => unreadable.GetValueOrDefault(operationId);

        public async Task CommitAsync(IReadOnlyList<OperationChange> changes, IReadOnlyList<Guid> sent, TimeSpan claim, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(ended, this);
            lock (registry.Gate)
            {
                Check(changes);
                foreach (var id in unreadable.Keys)
                    PutOff(registry.Operations[id]);
                foreach (var change in changes)
                    Write(change, claim);
                foreach (var id in sent)
                    registry.Messages.Remove(id);
            }

            await DisposeAsync();
        }

        public ValueTask DisposeAsync()
        {
            if (!ended)
            {
                ended = true;
                registry.Unlock(locked);
            }

            return ValueTask.CompletedTask;
        }

        // Checked before anything is written, because a commit is all or nothing.
        private void Check(IReadOnlyList<OperationChange> changes)
        {
            var recorded = changes.Where(Records).Select(c => (c.OperationId, c.MessageId)).ToList();
            if (recorded.Exists(registry.Inbox.Contains) || recorded.Distinct().Count() < recorded.Count)
                throw new InvalidOperationException("A message is in the inbox already.");
            var sending = changes.SelectMany(c => c.Messages).Select(m => m.Id).ToList();
            if (sending.Exists(registry.Messages.ContainsKey) || sending.Distinct().Count() < sending.Count)
                throw new InvalidOperationException("A message is in the outbox already.");
        }

        private void Write(OperationChange change, TimeSpan claim)
        {
            if (registry.Operations.TryGetValue(change.OperationId, out var operation))
            {
                if (change.Row is { } row)
                    operation.FailedBack = row.Failure is not null && (FailureOrigin.Of(Find(change.OperationId), change)?.IsBack ?? operation.FailedBack);
                operation.Stored = change.Row is { } written ? written with { DueAt = InMemoryRegistry.Stored(written.DueAt) } : operation.Stored;
                if (operation.Ended)
                    Release(change.OperationId);
                foreach (var line in change.History)
                {
                    Add(operation.History, line);
                    if (line.Event == HistoryEvents.ReplayRefused)
                        operation.RefusedOrders.Add((operation.History.Count, JsonSerializer.SerializeToElement(line.Data).GetProperty("by").GetString()!));
                }
            }

            foreach (var (step, settled) in change.Steps)
                Write(change.OperationId, step, settled);
            if (Records(change))
                registry.Inbox.Add((change.OperationId, change.MessageId));
            foreach (var message in change.Messages)
                registry.Messages.Add(message.Id, new OutboxRow(message.Type, message.Queue, message.Body, message.TraceParent) { ClaimedUntil = Now + claim });
        }

        private void Write(Guid operation, StepRun decided, long? settledFence)
        {
            var step = decided with
            {
                StartedAt = InMemoryRegistry.Stored(decided.StartedAt), DispatchedAt = InMemoryRegistry.Stored(decided.DispatchedAt), DueAt = InMemoryRegistry.Stored(decided.DueAt),
                Deadline = InMemoryRegistry.Stored(decided.Deadline), FinishedAt = InMemoryRegistry.Stored(decided.FinishedAt),
                UncertainAt = InMemoryRegistry.Stored(decided.UncertainAt), DeferredSince = InMemoryRegistry.Stored(decided.DeferredSince),
            };
            if (!registry.Steps.TryGetValue((operation, step.Name), out var row))
            {
                registry.Steps[(operation, step.Name)] = new StepRow { Step = step, Settled = step.Fence == settledFence, HeldFence = settledFence, Idle = idle };
                return;
            }

            row.Settled = step.Fence == settledFence || (row.Settled && row.Step.Fence == step.Fence);
            // Workers own these values of the newest dispatch: a new fencing token clears them, and nothing else changes them.
            var same = row.Step.Fence == step.Fence;
            row.WatchedUntil = same && row.TakenAt is not null && step.Status.IsDispatched ? row.WatchedUntil : null;
            (row.TakenAt, row.AttemptEndsAt, row.ReportUntil) = same ? (row.TakenAt, row.AttemptEndsAt, row.ReportUntil) : (null, null, null);
            (row.Progress, row.ProgressedAt) = same ? (row.Progress, row.ProgressedAt) : (null, null);
            if (step.Status.Phase == StepPhase.Done || step.Status.Direction != row.Step.Status.Direction)
                row.Checkpoint = null;
            row.Step = step;
            row.Idle = idle;
            if (settledFence is not null && row.HeldFence == settledFence)
                (row.Holder, row.ExpiresAt, row.LostAt) = (null, null, null);
        }

        private void Release(Guid operation)
        {
            foreach (var (scope, _) in registry.Scopes.Where(s => s.Value == operation).ToList())
                registry.Scopes.Remove(scope);
            registry.ScopeQueue.RemoveAll(w => w.Operation == operation);
        }

        private void PutOff(OperationRow row)
        {
            if (row.UnreadTimes++ == 0)
                row.UnreadSince = Now;
            var delay = FirstPutOff * Math.Pow(2, Math.Min(row.UnreadTimes, 20) - 1);
            row.Stored = row.Stored with { Slot = row.Stored.Slot is SlotState.Exempt or SlotState.Waiting ? row.Stored.Slot : SlotState.Released, DueAt = Now + (delay < LongestPutOff ? delay : LongestPutOff) };
        }

        private static bool Records(OperationChange change) => change.History.Any(l => !l.Repeats);

        private static void Add(List<string> history, HistoryLine line)
        {
            var text = line.Step is null ? line.Event : $"{line.Event}:{line.Step}";
            if (!line.Repeats || !history.Contains(text, StringComparer.Ordinal))
                history.Add(text);
        }
    }
}
