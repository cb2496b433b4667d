using MassTransit;
using MassTransit.Saga;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Messaging.DeadLetters;
using Saga.Orchestrator.Scopes;
using Saga.Orchestrator;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Orchestrator.Persistence;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Tests.Support.EnginePort;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Orchestrator;

/// <summary>A state machine with a missing transition, on a bus, with the real committer.</summary>
public sealed class When_a_decision_leads_where_nothing_is_declared
{
    [Fact]
    public async Task Should_fail_the_message_in_words_and_write_nothing()
    {
        await using var world = new InMemoryWorld();
        var operation = await world.AcceptAsync(EngineHost.Chain("one"));
        var options = Options.Create(new OrchestratorOptions());
        var sender = new NoSender();
        await using var committer = new Committer(world.Transitions, new SentMessages(), options, NullLogger<Committer>.Instance);
        var publisher = new OutboxPublisher(sender, new SentMessages(), options, TimeProvider.System, NullLogger<OutboxPublisher>.Instance);
        // Never opened, because the operation can be read.
        await using var registry = NpgsqlDataSource.Create("Host=none.invalid");
        var repository = new SagaRepository<OperationSaga>(
            new OperationRepositoryContextFactory(committer, publisher, new AdmissionSignal(), new ScopeSignal(), new UnreadableOperationStore(registry, new RegistryClock())));
        var outcome = new Outcome();
        var bus = Bus.Factory.CreateUsingInMemory(c => c.ReceiveEndpoint("operations", e => e.StateMachineSaga(new Forgetful(new OperationEngine(() => 0)), repository)));
        bus.ConnectConsumeObserver(outcome);
        await bus.StartAsync();
        try
        {
            var endpoint = await bus.GetSendEndpoint(new Uri("queue:operations"));
            await endpoint.Send(new OperationSubmitted { OperationId = operation });
            var error = await outcome.Error.WaitAsync(WaitLimit.Seconds(30));

            Cause.Of(error.ShouldNotBeNull()).ShouldSatisfyAllConditions(
                m => m.ShouldStartWith(nameof(UndeclaredTransitionException)), m => m.ShouldContain(operation.ToString()), m => m.ShouldContain("Submitted"), m => m.ShouldContain("from Accepted to Running"));
        }
        finally
        {
            await bus.StopAsync();
        }

        (await world.HistoryAsync(operation)).ShouldBeEmpty();
        sender.Sent.ShouldBe(0);
        await using var session = world.Transitions.OpenSession();
        await using var batch = await session.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default);
        batch.Find(operation)!.Stored.State.ShouldBe(OperationState.Accepted);
    }

    private sealed class Forgetful : MassTransitStateMachine<OperationSaga>
    {
        public Forgetful(OperationEngine engine)
        {
            InstanceState(saga => saga.CurrentState);
            Event(() => Submitted, e => e.CorrelateById(m => m.Message.OperationId));
            During(Accepted, When(Submitted).Decide((o, _) => engine.Start(o.Workflow, o.Progress, o.Now)));
        }

        public State Accepted { get; private set; } = null!;

        public Event<OperationSubmitted> Submitted { get; private set; } = null!;
    }

    private sealed class NoSender : IOutboxSender
    {
        public int Sent { get; private set; }

        public Task SendAsync(OutboxMessage message, CancellationToken cancellationToken)
        {
            Sent++;
            return Task.CompletedTask;
        }
    }

    private sealed class Outcome : IConsumeObserver
    {
        private readonly TaskCompletionSource<Exception?> error = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Exception?> Error => error.Task;

        public Task PreConsume<T>(ConsumeContext<T> context)
            where T : class => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context)
            where T : class
        {
            error.TrySetResult(null);
            return Task.CompletedTask;
        }

        public Task ConsumeFault<T>(ConsumeContext<T> context, Exception exception)
            where T : class
        {
            error.TrySetResult(exception);
            return Task.CompletedTask;
        }
    }
}
