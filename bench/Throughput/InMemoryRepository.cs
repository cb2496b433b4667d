using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;

namespace Saga.Bench.Throughput;

/// <summary>
/// The baseline: a plain MassTransit saga in MassTransit's own in-memory repository, and a plain consumer as worker,
/// with the same broker, kind of queue, messages and limits. Nothing is persistent, fenced or recorded.
/// </summary>
internal sealed class InMemoryRepository : ICandidate
{
    private const string Sagas = "rival-sagas";
    private const string Worker = "rival-worker";
    private readonly Ends ends = new();
    private readonly IHost host;

    private InMemoryRepository(IHost host, string name)
    {
        this.host = host;
        Name = name;
    }

    public string Name { get; }

    /// <param name="rabbit">Its own virtual host.</param>
    /// <param name="concurrency">Concurrent messages.</param>
    /// <param name="plain">Whether messages are plain JSON, like the engine's, or use MassTransit's default envelope.</param>
    public static async Task<InMemoryRepository> StartAsync(string rabbit, int concurrency, bool plain)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<MassTransitHostOptions>(o => o.WaitUntilStarted = true);
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddSagaStateMachine<RivalMachine, RivalSaga>().InMemoryRepository();
            bus.AddConsumer<RivalWorker>();
            bus.UsingRabbitMq((context, factory) =>
            {
                factory.Host(new Uri(rabbit));
                if (plain)
                    factory.UseRawJsonSerializer(RawSerializerOptions.AddTransportHeaders, isDefault: true);
                factory.ReceiveEndpoint(Sagas, e =>
                {
                    Limit(e);
                    e.ConfigureSaga<RivalSaga>(context);
                });
                factory.ReceiveEndpoint(Worker, e =>
                {
                    Limit(e);
                    e.ConfigureConsumer<RivalWorker>(context);
                });
            });
        });
        var rival = new InMemoryRepository(builder.Build(), plain ? "in-memory repository, plain JSON" : "in-memory repository");
        await rival.host.StartAsync();
        rival.host.Services.GetRequiredService<IBus>().ConnectConsumeMessageObserver(rival.ends);
        return rival;

        void Limit(IRabbitMqReceiveEndpointConfigurator e)
        {
            e.SetQuorumQueue();
            e.ConcurrentMessageLimit = concurrency;
            e.PrefetchCount = concurrency * 2;
            e.ConfigureConsumeTopology = false;
        }
    }

    public Task<IReadOnlyList<Guid>> PrepareAsync(int count) =>
        Task.FromResult<IReadOnlyList<Guid>>([.. Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7())]);

    public async Task RunAsync(Guid saga)
    {
        var end = ends.Expect(saga);
        var endpoint = await host.Services.GetRequiredService<IBus>().GetSendEndpoint(new Uri($"exchange:{Sagas}"));
        await endpoint.Send(new OperationSubmitted { OperationId = saga });
        await end;
    }

    public Task CheckAsync(IReadOnlyList<Guid> sagas) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    public sealed class RivalSaga : SagaStateMachineInstance
    {
        public Guid CorrelationId { get; set; }

        public string CurrentState { get; set; } = "";

        public TenantId Tenant { get; set; }

        public int Step { get; set; }
    }

    public sealed class RivalMachine : MassTransitStateMachine<RivalSaga>
    {
        private static readonly Uri ToWorker = new($"exchange:{Worker}");

        public RivalMachine(TimeProvider time)
        {
            InstanceState(s => s.CurrentState);
            Event(() => Submitted, e => e.CorrelateById(m => m.Message.OperationId));
            Event(() => Succeeded, e => e.CorrelateById(m => m.Message.OperationId));
            Initially(When(Submitted)
                .Then(c => c.Saga.Tenant = new TenantId(Guid.CreateVersion7()))
                .SendAsync(ToWorker, c => Next(c.Saga, time))
                .TransitionTo(Running));
            During(Running, When(Succeeded)
                .Then(c => c.Saga.Step++)
                .IfElse(c => c.Saga.Step < Six.Steps.Length, more => more.SendAsync(ToWorker, c => Next(c.Saga, time)), done => done.Finalize()));
            SetCompletedWhenFinalized();
        }

        public State Running { get; private set; } = null!;

        public Event<OperationSubmitted> Submitted { get; private set; } = null!;

        public Event<StepSucceeded> Succeeded { get; private set; } = null!;

        private static Task<ExecuteStep> Next(RivalSaga saga, TimeProvider time) => Task.FromResult(new ExecuteStep
        {
            OperationId = saga.CorrelationId,
            TenantId = saga.Tenant,
            Step = Six.Steps[saga.Step],
            Fence = 1,
            Attempt = 1,
            Deadline = time.GetUtcNow() + TimeSpan.FromMinutes(1),
        });
    }

    public sealed class RivalWorker : IConsumer<ExecuteStep>
    {
        public async Task Consume(ConsumeContext<ExecuteStep> context)
        {
            var endpoint = await context.GetSendEndpoint(new Uri($"exchange:{Sagas}"));
            await endpoint.Send(new StepSucceeded { OperationId = context.Message.OperationId, Step = context.Message.Step, Fence = context.Message.Fence });
        }
    }
}
