using System.Collections.Concurrent;
using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Orchestrator.Machine;
using Saga.Registry.Transitions;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>The state machine on a bus: every message in every state is handled or ignored, and none is an unhandled event.</summary>
public sealed class When_a_message_meets_a_state
{
    [Fact]
    public async Task Should_answer_every_pair_on_purpose()
    {
        var operation = Guid.CreateVersion7();
        var failure = new Failure { Code = "failed", Message = "It failed.", Transient = true };
        object[] messages =
        [
            new OperationSubmitted { OperationId = operation }, new OperationDue { OperationId = operation }, new OperationForgotten { OperationId = operation },
            new CancellationRequested { OperationId = operation, Actor = "ada", Reason = "It was a mistake." },
            new StepSucceeded { OperationId = operation, Step = "a", Fence = 1 }, new StepFailed { OperationId = operation, Step = "a", Fence = 1, Failure = failure },
            new StepDeferred { OperationId = operation, Step = "a", Fence = 1, System = "s3", Reason = "It is down.", RetryAfter = TimeSpan.FromSeconds(1) },
        ];
        var states = new OneState();
        var machine = new OperationStateMachine(new OperationEngine(() => 0));
        var bus = Bus.Factory.CreateUsingInMemory(c => c.ReceiveEndpoint("operations", e => e.StateMachineSaga(machine, new SagaRepository<OperationSaga>(states))));
        await bus.StartAsync();
        try
        {
            var endpoint = await bus.GetSendEndpoint(new Uri("queue:operations"));
            foreach (var state in Enum.GetValues<OperationState>())
            {
                foreach (var message in messages)
                {
                    var answered = states.Expect(operation, state);
                    await endpoint.Send(message);
                    var error = await answered.WaitAsync(WaitLimit.Seconds(30));
                    error.ShouldBeNull($"{message.GetType().Name} in {state}: {error?.Message}");
                }
            }
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    [Fact]
    public void Should_have_a_state_for_each_of_the_registrys() =>
        new OperationStateMachine(new OperationEngine(() => 0)).States.Select(s => s.Name).Except(["Initial", "Final"]).Order()
            .ShouldBe(Enum.GetNames<OperationState>().Order());

    // Gives the machine an operation in the given state, and returns the result.
    private sealed class OneState : ISagaRepositoryContextFactory<OperationSaga>
    {
        private readonly ConcurrentQueue<(OperationSaga Saga, TaskCompletionSource<Exception?> Answered)> expected = new();

        public Task<Exception?> Expect(Guid operation, OperationState state)
        {
            var answered = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
            expected.Enqueue((new OperationSaga
            {
                CorrelationId = operation, CurrentState = state.ToString(), TenantId = new TenantId(Guid.CreateVersion7()), Workflow = Graph.Diamond,
                Steps = StepRun.InOrder(Graph.Diamond, state == OperationState.Accepted ? [] : [new StepRun { Name = "first", Status = StepStatus.Running, Fence = 1, Attempt = 1 }]), Stored = new StoredOperation(state, null, null), Now = new TestClock().GetUtcNow(),
            }, answered));
            return answered.Task;
        }

        public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<OperationSaga, T>> next)
            where T : class
        {
            expected.TryDequeue(out var one);
            try
            {
                await next.Send(new Context<T>(context, one.Saga));
                one.Answered.SetResult(null);
            }
            catch (Exception error)
            {
                one.Answered.SetResult(error);
            }
        }

        public Task SendQuery<T>(ConsumeContext<T> context, ISagaQuery<OperationSaga> query, IPipe<SagaRepositoryQueryContext<OperationSaga, T>> next)
            where T : class => throw new NotSupportedException();

        public void Probe(ProbeContext context)
        {
        }
    }

    private sealed class Context<T>(ConsumeContext<T> context, OperationSaga saga) : ConsumeContextScope<T>(context), SagaRepositoryContext<OperationSaga, T>
        where T : class
    {
        public Task<SagaConsumeContext<OperationSaga, T>?> Load(Guid correlationId) =>
            Task.FromResult<SagaConsumeContext<OperationSaga, T>?>(new DefaultSagaConsumeContext<OperationSaga, T>(this, saga));

        public Task Save(SagaConsumeContext<OperationSaga> context) => Task.CompletedTask;

        public Task Update(SagaConsumeContext<OperationSaga> context) => Task.CompletedTask;

        public Task Undo(SagaConsumeContext<OperationSaga> context) => Task.CompletedTask;

        public Task<SagaConsumeContext<OperationSaga, T>> Add(OperationSaga instance) => throw new NotSupportedException();

        public Task<SagaConsumeContext<OperationSaga, T>> Insert(OperationSaga instance) => throw new NotSupportedException();

        public Task Delete(SagaConsumeContext<OperationSaga> context) => throw new NotSupportedException();

        public Task Discard(SagaConsumeContext<OperationSaga> context) => throw new NotSupportedException();

        public Task<SagaConsumeContext<OperationSaga, TMessage>> CreateSagaConsumeContext<TMessage>(
            ConsumeContext<TMessage> consumeContext, OperationSaga instance, SagaConsumeContextMode mode)
            where TMessage : class => throw new NotSupportedException();
    }
}
