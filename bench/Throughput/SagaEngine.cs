using Dapper;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Messaging;
using Saga.Orchestrator;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Tests.Support;
using Saga.Workers.Runtime;

namespace Saga.Bench.Throughput;

/// <summary>This project's engine and worker runtime as deployed, including leases, fencing tokens, history, inbox and outbox.</summary>
/// <param name="host">Orchestrator and worker.</param>
/// <param name="registry">For preparing and checking.</param>
/// <param name="name">For the table.</param>
/// <param name="accept">
/// Whether the measurement includes accepting the operation: the caller's transaction and the outbox. Otherwise the operation's rows
/// already exist, and it starts with a message, like the baseline's.
/// </param>
internal sealed class SagaEngine(SagaEngine.Running host, NpgsqlDataSource registry, string name, bool accept) : ICandidate
{
    private static readonly WorkflowDefinition Workflow = new WorkflowDefinition
    {
        Kind = "bench",
        Version = 1,
        Steps = [.. Six.Steps.Select((s, i) => new StepDefinition { Name = s, Worker = EngineHost.Worker, After = i == 0 ? [] : [Six.Steps[i - 1]] })],
    }.Validated();

    private readonly RegistryNotifier notifier = new(registry, NullLogger<RegistryNotifier>.Instance);

    public string Name => name;

    public async Task<IReadOnlyList<Guid>> PrepareAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        if (!accept)
            await InsertAsync(ids, null);
        return ids;
    }

    public async Task RunAsync(Guid saga)
    {
        var end = host.Ends.Expect(saga);
        if (accept)
        {
            await AcceptAsync(saga);
            await end;
            return;
        }

        var endpoint = await host.Services.GetRequiredService<IBus>().GetSendEndpoint(host.Services.GetRequiredService<BusAddresses>().Queue(Endpoints.Operations));
        await endpoint.Send(new OperationSubmitted { OperationId = saga });
        await end;
    }

    public async Task CheckAsync(IReadOnlyList<Guid> sagas)
    {
        await using var connection = await registry.OpenConnectionAsync();
        var unfinished = await connection.ExecuteScalarAsync<long>("select count(*) from operations where state <> 'completed'");
        if (unfinished > 0)
            throw new InvalidOperationException($"{unfinished} operations of {Name} did not end.");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    private async Task AcceptAsync(Guid saga)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await InsertAsync([saga], transaction);
        await OutboxWriter.SendAsync(transaction, Endpoints.Operations, new OperationSubmitted { OperationId = saga }, default);
        await transaction.CommitAsync();
        notifier.Notify(RegistryChannels.Outbox);
    }

    private async Task InsertAsync(Guid[] ids, NpgsqlTransaction? transaction)
    {
        var stored = StoredWorkflow.Of(Workflow);
        await using var own = transaction is null ? await registry.OpenConnectionAsync() : null;
        await (own ?? transaction!.Connection!).ExecuteAsync(
            """
            insert into workflows (digest, kind, version, definition) values (@Digest, @Kind, @Version, @Json::jsonb) on conflict do nothing;
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email)
            select id, 't-' || id, 't-' || id, 'basic', 'row', 'provisioning', 't-' || id, 'UTC', 'admin@example.com' from unnest(@ids) id;
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by)
            select id, @Kind, id, @Digest, 'accepted', '{}', 'bench' from unnest(@ids) id;
            """,
            new { stored.Digest, Workflow.Kind, Workflow.Version, stored.Json, ids }, transaction);
    }

    internal sealed class Running : IAsyncDisposable
    {
        private readonly IHost host;

        private Running(IHost host) => this.host = host;

        public Ends Ends { get; } = new();

        public IServiceProvider Services => host.Services;

        public static async Task<Running> StartAsync(string registry, string rabbit, int concurrency, IReadOnlyDictionary<string, string?> settings)
        {
            var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
            {
                ["Saga:Registry:ConnectionString"] = registry,
                ["Saga:Bus:RabbitMq"] = rabbit,
                ["Saga:Workers:Concurrency"] = concurrency.ToString(System.Globalization.CultureInfo.InvariantCulture),
            }).AddInMemoryCollection(settings);
            builder.Services.AddOrchestrator(builder.Configuration);
            foreach (var step in Six.Steps)
                builder.Services.AddSingleton<IStep>(new TrivialStep(step));
            builder.Services.AddWorkerEndpoint(builder.Configuration, EngineHost.Worker);
            var running = new Running(builder.Build());
            await running.host.StartAsync();
            running.Services.GetRequiredService<IBus>().ConnectConsumeMessageObserver(running.Ends);
            return running;
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private sealed class TrivialStep(string name) : IStep
    {
        public string Name => name;

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => Task.FromResult<object?>(null);

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
