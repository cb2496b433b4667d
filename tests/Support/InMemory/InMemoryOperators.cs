using System.Text.Json;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Decisions;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Outbox;
using Saga.Registry.Replays;
using Saga.Tests.Support.EnginePort;

namespace Saga.Tests.Support.InMemory;

/// <summary>Every tenant exists. An order that is based on a version counts the history lines of its operation.</summary>
internal sealed class InMemoryOperators(InMemoryRegistry registry) : IOperatorPort
{
    public Task<int> PrepareReplaysAsync(Batch batch, IReadOnlyList<Guid> operations, ReplayMode? mode)
    {
        lock (registry.Gate)
        {
            var row = new BatchRow(batch);
            foreach (var (id, operation) in registry.Operations.Where(o => operations.Contains(o.Key)).OrderBy(o => o.Value.CreatedAt).ThenBy(o => o.Key))
            {
                row.Items.Add(new(new() { BatchId = batch.Id, Number = row.Items.Count + 1, Subject = id, Version = operation.History.Count, State = BatchItemState.Pending })
                {
                    ExpectsUndone = operation.Stored.State == OperationState.Stalled && (mode == ReplayMode.Compensate || (mode is null && operation.FailedBack)),
                });
            }

            return Task.FromResult(Add(row));
        }
    }

    public Task<int> PrepareCommandsAsync(Batch batch, IReadOnlyList<Guid> tenants)
    {
        lock (registry.Gate)
        {
            var row = new BatchRow(batch);
            foreach (var tenant in tenants.Order())
                row.Items.Add(new(new() { BatchId = batch.Id, Number = row.Items.Count + 1, Subject = tenant, State = BatchItemState.Pending }));
            return Task.FromResult(Add(row));
        }
    }

    public async Task<AcceptanceConflict?> RunAsync(Guid batch, Func<DateTimeOffset, Acceptance> decide)
    {
        Acceptance? acceptance = null;
        lock (registry.Gate)
        {
            if (registry.Batches.GetValueOrDefault(batch) is not { Batch.State: BatchState.Prepared } row || row.Batch.ExpiresAt <= registry.Now)
                throw new PostgresException("the batch is not prepared", "ERROR", "ERROR", BatchStore.NotPrepared);
        }

        if (await registry.Acceptances.AcceptAsync(null, (_, now) => acceptance = decide(now), default) is { } conflict)
            return conflict;
        lock (registry.Gate)
        {
            var row = registry.Batches[batch];
            row.Batch = row.Batch with { State = BatchState.Running, OperationId = acceptance!.OperationId, RunBy = acceptance.Caller, Wave = 1, WaveSize = row.Batch.Pace.First };
            row.NextItemAt = acceptance.At;
        }

        return null;
    }

    public Task<string?> OrderAsync(Guid batch, BatchOrder order, string actor, string reason)
    {
        lock (registry.Gate)
        {
            if (!registry.Batches.TryGetValue(batch, out var row))
                return Task.FromResult<string?>(null);
            if (row.Batch.State == order.Target())
                return Task.FromResult<string?>("");
            if (order.Refusal(row.Batch.State) is { } refusal)
                return Task.FromResult<string?>(refusal);
            switch (order)
            {
                case BatchOrder.Pause:
                    row.Batch = row.Batch with { State = BatchState.Paused, PauseReason = $"{actor}: {reason}" };
                    break;
                case BatchOrder.Resume:
                    row.Batch = row.Batch with { State = BatchState.Running, PauseReason = null, Wave = row.Batch.Wave + 1 };
                    row.ClaimedUntil = null;
                    break;
                default:
                    InMemoryBatches.Abort(row, actor, reason, registry.Now);
                    break;
            }

            if (row.Batch.OperationId is { } operation)
                registry.Operations[operation].History.Add(order.Event());
            return Task.FromResult<string?>("");
        }
    }

    public Task<Batch?> FindAsync(Guid batch)
    {
        lock (registry.Gate)
            return Task.FromResult(registry.Batches.GetValueOrDefault(batch)?.Read());
    }

    public Task<IReadOnlyList<BatchItem>> ItemsAsync(Guid batch)
    {
        lock (registry.Gate)
            return Task.FromResult<IReadOnlyList<BatchItem>>(registry.Batches[batch].Items.ConvertAll(i => i.Item));
    }

    public async Task<ReplayReading?> ReplayAsync(ReplayOperation command, string actor, Guid? parent = null)
    {
        await registry.LockAsync([command.OperationId], default);
        try
        {
            lock (registry.Gate)
                return registry.Operations.TryGetValue(command.OperationId, out var row) ? Replay(command, actor, parent, row) : null;
        }
        finally
        {
            registry.Unlock([command.OperationId]);
        }
    }

    public Task<EndedOperation?> FindEndedAsync(Guid operation)
    {
        lock (registry.Gate)
        {
            if (registry.Operations.GetValueOrDefault(operation) is not { Stored.State: OperationState.Compensated or OperationState.Cancelled } row)
                return Task.FromResult<EndedOperation?>(null);
            // The newest replay counts.
            var replay = registry.Operations.Where(o => o.Value.ReplayOf == operation).OrderBy(o => o.Value.CreatedAt).LastOrDefault();
            return Task.FromResult<EndedOperation?>(new(operation, row.Workflow.Kind, row.Tenant, JsonElement.Parse(row.Input ?? "{}"), row.History.Count)
            {
                Replay = replay.Value is null or { Stored.State: OperationState.Compensated or OperationState.Cancelled } ? null : replay.Key,
            });
        }
    }

    private ReplayReading Replay(ReplayOperation command, string actor, Guid? parent, OperationRow row)
    {
        var version = row.History.Count;
        if (command.IdempotencyKey is not null && row.Orders.Exists(o => o.By == actor && o.Key == command.IdempotencyKey))
            return new(command.OperationId, ReplayResult.Repeated, version, row.Tenant, row.Workflow.Kind, null);
        if (command.ExpectedVersion is { } expected && expected != version)
            return new(command.OperationId, ReplayResult.Moved, version, row.Tenant, row.Workflow.Kind, null);
        var order = new ReplayOrder { Mode = command.Mode, From = command.From, Skip = command.Skip, States = command.States };
        var steps = StepRun.InOrder(row.Workflow, registry.Steps.Where(s => s.Key.Operation == command.OperationId).Select(s => s.Value.Load(registry.Idle)));
        var answer = ReplayRules.Plan(row.Workflow, new Progress(row.Stored.State, steps, null), order);
        if (answer is not ReplayAnswer.Planned { Plan: var plan } || (command.Plan is not null && command.Plan != plan.Digest))
            return new(command.OperationId, answer is ReplayAnswer.Planned ? ReplayResult.Moved : ReplayResult.Refused, version, row.Tenant, row.Workflow.Kind, answer) { Workflow = row.Workflow };
        if (parent is not null && !registry.Batches.Values.Any(b => b.Batch.OperationId == parent && b.Batch.State is BatchState.Running or BatchState.Paused))
            return new(command.OperationId, ReplayResult.Refused, version, row.Tenant, row.Workflow.Kind, new ReplayAnswer.Refused("The batch has ended, so nothing of it begins any more.")) { Workflow = row.Workflow };
        row.History.Add(HistoryEvents.ReplayRequested);
        row.Orders.Add((row.History.Count, actor, command.IdempotencyKey));
        var message = new OutboxMessage(
            registry.NewId(), Endpoints.Orders, new ReplayRequested { OperationId = command.OperationId, Actor = actor, Reason = command.Reason, Order = order, Plan = plan.Digest }, TraceContext.Current);
        registry.Messages.Add(message.Id, new OutboxRow(message.Type, message.Queue, message.Body, message.TraceParent) { ClaimedUntil = DateTimeOffset.MinValue });
        return new(command.OperationId, ReplayResult.Accepted, version, row.Tenant, row.Workflow.Kind, answer) { Workflow = row.Workflow };
    }

    private int Add(BatchRow row)
    {
        if (row.Items.Count > 0)
            registry.Batches.Add(row.Batch.Id, row);
        return row.Items.Count;
    }
}
