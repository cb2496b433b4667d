using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Tests.Support.Webhooks;
using Saga.Workers.Http;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Progress;

namespace Saga.Tests.Integration.CustomSteps;

/// <summary>A worker that calls a team's endpoint, without a registry.</summary>
internal sealed class EndpointSteps : IAsyncDisposable
{
    public const string StepName = "acme.crm.register";
    private readonly WorkerHost host;

    private EndpointSteps(TestEndpoint endpoint, WorkerHost host) => (Endpoint, this.host) = (endpoint, host);

    public TestEndpoint Endpoint { get; }

    public Guid Operation { get; } = Guid.CreateVersion7();

    /// <summary>What execute has returned before.</summary>
    public object? Output { get; set; }

    /// <summary>Where an earlier attempt stopped.</summary>
    public string? Checkpoint { get; set; }

    /// <summary>The newest progress of the last attempt.</summary>
    public ProgressSlot Progress { get; private set; } = null!;

    private HttpCall Call { get; set; } = null!;

    /// <param name="name">The host in the endpoint's certificate.</param>
    /// <param name="host">The host in the list of custom steps.</param>
    /// <param name="resolve">Resolves names; the machine does when null.</param>
    /// <param name="settings">Settings of the worker, beside its secret.</param>
    public static async Task<EndpointSteps> StartAsync(
        string name = "localhost", string host = "localhost", Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null, params (string Key, string? Value)[] settings)
    {
        var endpoint = await TestEndpoint.StartAsync(name);
        EndpointSteps? steps = null;
        var worker = new WorkerHost(
            null,
            (services, configuration) =>
            {
                if (resolve is not null)
                    services.AddSingleton(s => new EndpointConnector(configuration.GetSection("Saga:HttpSteps:AllowedHosts").GetChildren().Select(c => c.Value!), resolve));
                new HttpModule().AddSteps(services, configuration);
                services.AddSingleton<IStepInputStore>(new Inputs(() => steps!));
            },
            [("Saga:HttpSteps:Secrets:acme:0", endpoint.Secrets[0]), .. settings.Any(s => s.Key == "Saga:HttpSteps:CaFile") ? [] : new (string, string?)[] { ("Saga:HttpSteps:CaFile", endpoint.CaFile) }, .. settings]);
        return steps = new(endpoint, worker)
        {
            Call = new() { ExecuteUrl = endpoint.UrlOf("/register", host), CompensateUrl = endpoint.UrlOf("/forget", host), Secret = "acme" },
        };
    }

    /// <summary>A worker that may call this machine.</summary>
    public static Task<EndpointSteps> StartAllowedAsync(params (string Key, string? Value)[] settings) => StartAsync(settings: [("Saga:HttpSteps:AllowedHosts:0", "localhost"), .. settings]);

    public void UseSecret(string secret) => Call = Call with { Secret = secret };

    public async Task<JsonElement?> ExecuteAsync()
    {
        var step = await PrepareAsync();
        return (JsonElement?)await step.ExecuteAsync(Context(step), TestToken);
    }

    public async Task CompensateAsync()
    {
        var step = await PrepareAsync();
        await step.CompensateAsync(Context(step), TestToken);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await Endpoint.DisposeAsync();
    }

    private static CancellationToken TestToken => Xunit.TestContext.Current.CancellationToken;

    private ValueTask<IStep> PrepareAsync() => host.Step("http.call").PrepareAsync(Operation, StepName, TestToken);

    private StepContext Context(IStep step)
    {
        var tenant = new Tenant
        {
            Id = new TenantId(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "basic", Tier = IsolationTier.Row, Status = TenantStatus.Provisioning,
            Subdomain = "acme", Timezone = "UTC", AdminEmail = "ada@acme.com", Features = new Dictionary<string, bool>(),
            Settings = new Dictionary<string, JsonElement>(), Version = 1, CreatedAt = default, UpdatedAt = default,
        };
        var outputs = new Dictionary<string, JsonElement> { ["organization.create"] = JsonSerializer.SerializeToElement(new { organizationId = "o1" }) };
        if (Output is not null)
            outputs[StepName] = JsonSerializer.SerializeToElement(Output);
        Progress = new ProgressSlot(null, Checkpoint, TimeProvider.System);
        return new StepContext(tenant, Operation, StepName, 1, new StepLease(Operation, StepName, 1, Guid.NewGuid())) { Progress = Progress }
            .With(new StepInputs { Asked = step.Needs, Command = step.NeedsInput ? JsonSerializer.SerializeToElement(new { slug = "acme" }) : null, Outputs = outputs });
    }

    private sealed class Inputs(Func<EndpointSteps> steps) : IStepInputStore
    {
        public Task<StepInputs> ReadAsync(Guid operation, IReadOnlyList<string> needs, bool command, CancellationToken cancellationToken) => Task.FromResult(StepInputs.None);

        public Task<PlannedStep?> FindAsync(Guid operation, string step, CancellationToken cancellationToken) => Task.FromResult<PlannedStep?>(new(
            "provision", DateTimeOffset.Parse("2027-01-31T12:00:00Z", CultureInfo.InvariantCulture),
            new StepDefinition { Name = step, Worker = "http", Needs = ["organization.create"], NeedsInput = true, Http = steps().Call }));
    }
}
