using System.Globalization;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Orchestrator;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Workers.Runtime;

namespace Saga.Tests.Support;

/// <summary>Orchestrator and workers in one process, with the test's own steps and workflow.</summary>
public sealed class EngineHost : IAsyncDisposable
{
    public const string Worker = "test";
    private readonly IHost host;

    /// <summary>Settings with which a dispatch that no worker takes is soon sent again.</summary>
    public static (string Key, string Value)[] Impatient { get; } = [("Saga:Orchestrator:RedeliverySeconds", "1")];

    private EngineHost(IHost host, NpgsqlDataSource registry)
    {
        this.host = host;
        Registry = registry;
    }

    public NpgsqlDataSource Registry { get; }

    public IServiceProvider Services => host.Services;

    /// <param name="registry">A control-plane database; several hosts may share it.</param>
    /// <param name="rabbit">The address of a virtual host; null for the in-memory bus.</param>
    /// <param name="steps">The steps that the worker runs; empty for no worker.</param>
    /// <param name="orchestrate">Whether the orchestrator runs here.</param>
    /// <param name="settings">Settings that override the defaults.</param>
    public static Task<EngineHost> StartAsync(
        NpgsqlDataSource registry, string? rabbit, IReadOnlyList<IStep> steps, bool orchestrate = true, params (string Key, string Value)[] settings) =>
        StartAsync(registry, rabbit, steps, orchestrate, TimeProvider.System, settings);

    /// <summary>With the test's own services, such as commands.</summary>
    public static Task<EngineHost> StartAsync(NpgsqlDataSource registry, string? rabbit, IReadOnlyList<IStep> steps, Action<IServiceCollection> add) =>
        StartAsync(registry, rabbit, steps, orchestrate: true, TimeProvider.System, [], add);

    /// <summary>With the test's own services, registered before and after the product's.</summary>
    public static Task<EngineHost> StartAsync(
        NpgsqlDataSource registry, string? rabbit, bool orchestrate, Action<IServiceCollection> before, Action<IServiceCollection, IConfiguration> after) =>
        StartAsync(registry, rabbit, [], orchestrate, TimeProvider.System, Impatient, before, after);

    /// <summary>With the registry's connections set up by the product, as in production.</summary>
    public static Task<EngineHost> StartAsInProductionAsync(NpgsqlDataSource registry, IReadOnlyList<IStep> steps, params (string Key, string Value)[] settings) =>
        StartAsync(registry, null, steps, true, TimeProvider.System, settings, ownRegistry: true);

    /// <summary>Only an orchestrator, with the test's own clock and services.</summary>
    public static Task<EngineHost> OrchestrateAsync(NpgsqlDataSource registry, string rabbit, TimeProvider time, Action<IServiceCollection> add) =>
        StartAsync(registry, rabbit, [], orchestrate: true, time, [], add);

    /// <summary>On the in-memory bus, with the test's own clock.</summary>
    public static Task<EngineHost> StartAsync(NpgsqlDataSource registry, IReadOnlyList<IStep> steps, TimeProvider time) =>
        StartAsync(registry, null, steps, true, time, []);

    private static async Task<EngineHost> StartAsync(
        NpgsqlDataSource registry, string? rabbit, IReadOnlyList<IStep> steps, bool orchestrate, TimeProvider time, (string Key, string Value)[] settings,
        Action<IServiceCollection>? add = null, Action<IServiceCollection, IConfiguration>? after = null, bool ownRegistry = false)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Saga:Registry:ConnectionString"] = registry.ConnectionString,
            ["Saga:Bus:Adapter"] = rabbit is null ? "inmemory" : "rabbitmq",
            ["Saga:Bus:RabbitMq"] = rabbit,
            ["Saga:Workers:LeaseSeconds"] = WaitLimit.Seconds(2).TotalSeconds.ToString("0", CultureInfo.InvariantCulture),
            ["Saga:Workers:CircuitSeconds"] = "1",
            ["Saga:Orchestrator:OutboxClaimSeconds"] = "2",
            ["Saga:Orchestrator:OutboxSendSeconds"] = "1",
            ["Saga:Orchestrator:SweepMilliseconds"] = "100",
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        if (Environment.GetEnvironmentVariable("SAGA_TEST_LOG") is { Length: > 0 })
            builder.Logging.AddConsole();
        // The test's own data source, because its connection string does not contain the password.
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton(time);
        add?.Invoke(builder.Services);
        if (orchestrate)
            builder.Services.AddOrchestrator(builder.Configuration);
        foreach (var step in steps)
            builder.Services.AddSingleton(step);
        if (steps.Count > 0)
            builder.Services.AddWorkerEndpoint(builder.Configuration, Worker);
        after?.Invoke(builder.Services, builder.Configuration);
        // Registered last, so that it replaces the one from the options.
        if (!ownRegistry)
            builder.Services.AddSingleton(registry);
        var built = builder.Build();
        await built.StartAsync();
        return new EngineHost(built, registry);
    }

    /// <summary>A sequential workflow of the named steps, all on the test's worker.</summary>
    public static WorkflowDefinition Chain(params string[] names) => new WorkflowDefinition
    {
        Kind = "test",
        Version = 1,
        Steps = [.. names.Select((name, i) => new StepDefinition { Name = name, Worker = Worker, After = i == 0 ? [] : [names[i - 1]] })],
    }.Validated();

    /// <summary>Accepts an operation, as the intake does.</summary>
    /// <param name="registry">The control-plane database.</param>
    /// <param name="workflow">Its steps.</param>
    /// <param name="ofTenant">False for an operation without a tenant, which takes the fleet's scope.</param>
    /// <param name="notify">False to simulate a lost notification of the relay.</param>
    public static async Task<Guid> SubmitAsync(NpgsqlDataSource registry, WorkflowDefinition workflow, bool ofTenant = true, bool notify = true)
    {
        var operation = Guid.CreateVersion7();
        var tenant = Guid.CreateVersion7();
        var stored = StoredWorkflow.Of(workflow);
        await using var connection = await registry.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(
            """
            insert into workflows (digest, kind, version, definition) values (@Digest, @Kind, @Version, @Json::jsonb) on conflict do nothing;
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email)
            select @tenant, @slug, @slug, 'basic', 'row', 'provisioning', @slug, 'UTC', 'admin@example.com' where @ofTenant;
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, traceparent)
            values (@operation, @Kind, case when @ofTenant then @tenant end, @Digest, 'accepted', '{}', 'test', @trace);
            insert into operation_scopes (scope, operation_id) values (@scope, @operation);
            """,
            new
            {
                stored.Digest, workflow.Kind, workflow.Version, stored.Json, tenant, slug = $"t-{tenant:n}", operation, trace = TraceContext.Current, ofTenant,
                scope = ofTenant ? OperationScopes.Tenant(new TenantId(tenant)) : OperationScopes.Fleet,
            }, transaction);
        await OutboxWriter.SendAsync(transaction, Endpoints.Operations, new OperationSubmitted { OperationId = operation }, default);
        await transaction.CommitAsync();
        if (notify)
            await connection.ExecuteAsync("select pg_notify(@Outbox, '')", new { RegistryChannels.Outbox });
        return operation;
    }

    public async Task<Guid> SubmitAsync(WorkflowDefinition workflow) => await SubmitAsync(Registry, workflow);

    /// <summary>Waits until the operation has come to rest.</summary>
    public async Task<OperationState> EndAsync(Guid operation, TimeSpan? limit = null)
    {
        OperationState? state = null;
        await Until.TrueAsync(async () =>
        {
            await using var connection = await Registry.OpenConnectionAsync();
            var text = await connection.ExecuteScalarAsync<string>("select state from operations where id = @operation", new { operation });
            state = Enum.Parse<OperationState>(text!, ignoreCase: true);
            return state is OperationState.Completed or OperationState.Compensated or OperationState.Stalled or OperationState.Cancelled;
        }, $"operation {operation} ends", limit);
        return state!.Value;
    }

    /// <summary>The history, as <c>event:step</c>.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(Guid operation)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>(
            "select event || coalesce(':' || step, '') from operation_history where operation_id = @operation order by id", new { operation })];
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
