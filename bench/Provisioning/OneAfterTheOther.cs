using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Bench.Servers;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Provision;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Database;
using Saga.Workers.Identity;
using Saga.Workers.Notification;
using Saga.Workers.Reservation;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Saga.Workers.Verification;
using Saga.Workers;

namespace Saga.Bench.Provisioning;

/// <summary>
/// The baseline: a program that makes the same calls with the same clients, one step after the other. It runs the same steps in
/// process, without bus, saga, API or intake. The tenant's row and its leases exist before its clock starts.
/// </summary>
internal sealed class OneAfterTheOther : IProvisioner
{
    private readonly IHost host;
    private readonly NpgsqlDataSource registry;
    private readonly Dictionary<string, IStep> steps;

    private OneAfterTheOther(IHost host, NpgsqlDataSource registry)
    {
        (this.host, this.registry) = (host, registry);
        steps = host.Services.GetServices<IStep>().ToDictionary(s => s.Name, StringComparer.Ordinal);
    }

    public string Name => "one after the other";

    public static async Task<OneAfterTheOther> StartAsync(ExternalSystems systems, string registry)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(systems.Settings(registry))
            // The client makes several Keycloak calls at once where it can; here they run one after the other.
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("Saga:Identity:Keycloak:MaxConcurrency", "1")]);
        var (services, configuration) = (builder.Services, builder.Configuration);
        services.AddResource<ReservationModule>(configuration).AddResource<IdentityModule>(configuration).AddResource<DatabaseModule>(configuration).AddResource<StorageModule>(configuration)
            .AddResource<CacheModule>(configuration).AddResource<ConfigurationModule>(configuration).AddResource<NotificationModule>(configuration)
            .AddResource<VerificationModule>(configuration).AddVerificationsOf<StorageModule>(configuration).AddVerificationsOf<CacheModule>(configuration)
            .AddVerificationsOf<ConfigurationModule>(configuration).AddVerificationsOf<DatabaseModule>(configuration).AddVerificationsOf<IdentityModule>(configuration);
        var built = builder.Build();
        await built.StartAsync();
        return new OneAfterTheOther(built, NpgsqlDataSource.Create(registry));
    }

    public async Task<double> ProvisionAsync(string slug, IsolationTier tier)
    {
        var tenant = await Seed.TenantAsync(registry, slug, plan: "custom", tier: tier, adminEmail: $"admin@{slug}.example.com");
        var leases = new Dictionary<string, StepContext>(StringComparer.Ordinal);
        foreach (var step in ProvisionWorkflow.Definition.Steps)
            leases[step.Name] = await tenant.BeginAsync(step.Name);
        var tenants = host.Services.GetRequiredService<TenantStore>();

        var began = Stopwatch.GetTimestamp();
        var milliseconds = 0.0;
        var outputs = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, lease) in ProvisionWorkflow.Definition.Steps.Select(s => (s.Name, leases[s.Name].Lease)))
        {
            // Each step needs the data that earlier steps wrote.
            var context = new StepContext((await tenants.FindAsync(tenant.Id))!, tenant.OperationId, name, 1, lease)
                .With(new() { Asked = [.. steps[name].Needs], Outputs = outputs });
            if (await RunAsync(name, context) is { } output)
                outputs[name] = JsonSerializer.SerializeToElement(output, Json.Options);
            if (name == StepNames.Activate)
                milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        return milliseconds;
    }

    // The verify step would run its checks in parallel.
    private async Task<object?> RunAsync(string name, StepContext context)
    {
        if (name != StepNames.Verify)
            return await steps[name].ExecuteAsync(context, CancellationToken.None);
        foreach (var verification in host.Services.GetServices<IVerification>())
            await verification.VerifyAsync(context, CancellationToken.None);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await registry.DisposeAsync();
    }
}
