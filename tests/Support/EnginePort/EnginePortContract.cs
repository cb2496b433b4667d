using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

/// <summary>
/// What the engine requires of every storage implementation: atomic transitions, leases with one holder, an outbox and a sweep whose
/// claims do not overlap, and one clock.
/// </summary>
public abstract partial class EnginePortContract : IAsyncLifetime
{
    private static readonly WorkflowDefinition Workflow = EngineHost.Chain("one", "two");
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(10);

    protected EngineWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await NewWorldAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await World.DisposeAsync();
    }

    protected abstract Task<EngineWorld> NewWorldAsync();

    private async Task<LoadedOperation> LoadAsync(Guid operation, Guid? message = null)
    {
        await using var session = World.Transitions.OpenSession();
        await using var batch = await session.BeginAsync([new OperationMessage(operation, message ?? Guid.NewGuid())], default);
        return batch.Find(operation)!;
    }

    private async Task CommitAsync(params OperationChange[] changes)
    {
        await using var session = World.Transitions.OpenSession();
        await using var batch = await session.BeginAsync([.. changes.Select(c => new OperationMessage(c.OperationId, c.MessageId))], default);
        await batch.CommitAsync(changes, [], Claim, default);
    }

    /// <summary>The clock as seen by a transaction.</summary>
    private async Task<DateTimeOffset> NowAsync()
    {
        await using var session = World.Transitions.OpenSession();
        await using var batch = await session.BeginAsync([], default);
        return batch.Now;
    }

    private async Task<Guid> DueAsync(DateTimeOffset at, SlotState slot = SlotState.Admitted)
    {
        var operation = await World.AcceptAsync(Workflow);
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, at, slot) });
        return operation;
    }

    private static OperationChange Change(Guid operation, params StepChange[] steps) => new()
    {
        OperationId = operation, MessageId = Guid.NewGuid(), Steps = steps, History = [new HistoryLine("stepDispatched", "one", 1, 1)],
    };

    private static StepChange Dispatched(long fence, string step = "one") => new(new StepRun { Name = step, Status = StepStatus.Running, Fence = fence, Attempt = 1 }, null);

    private static OutboxMessage Message(string queue = "q") =>
        new(Guid.CreateVersion7(), queue, new Contracts.Steps.OperationDue { OperationId = Guid.CreateVersion7() });

    private Task WriteAsync(OutboxMessage message) => World.WriteAsync(message.Id, message.Type, message.Queue, message.Body);

    /// <summary>Runs all of them as simultaneously as threads allow.</summary>
    private static async Task<T[]> TogetherAsync<T>(int count, Func<int, Task<T>> act)
    {
        using var together = new Barrier(count);
        return await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait();
            return act(i);
        }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
    }
}
