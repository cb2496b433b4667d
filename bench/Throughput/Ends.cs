using System.Collections.Concurrent;
using MassTransit;
using Saga.Contracts.Steps;

namespace Saga.Bench.Throughput;

/// <summary>Observes when the last report of each saga is consumed, in the same way for both candidates.</summary>
internal sealed class Ends : IConsumeMessageObserver<StepSucceeded>
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> awaited = new();

    /// <summary>Completes when the saga ends. Call it before the saga starts.</summary>
    public Task Expect(Guid saga)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        awaited[saga] = end;
        return end.Task;
    }

    public Task PreConsume(ConsumeContext<StepSucceeded> context) => Task.CompletedTask;

    public Task PostConsume(ConsumeContext<StepSucceeded> context)
    {
        if (context.Message.Step == Six.Steps[^1] && awaited.TryRemove(context.Message.OperationId, out var end))
            end.TrySetResult();
        return Task.CompletedTask;
    }

    public Task ConsumeFault(ConsumeContext<StepSucceeded> context, Exception exception) => Task.CompletedTask;
}
