using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Api;
using Saga.Bench.Servers;
using Saga.Contracts.Identifiers;
using Saga.Orchestrator;
using Saga.Tests.Support;
using Saga.Workers;

namespace Saga.Bench.Provisioning;

/// <summary>API, orchestrator and all workers on RabbitMQ, called over HTTP.</summary>
internal sealed class WholeProduct : IProvisioner
{
    private readonly WebApplication app;
    private readonly HttpClient http;
    private readonly NpgsqlDataSource registry;
    private readonly StepTimes times;

    private WholeProduct(string name, WebApplication app, HttpClient http, NpgsqlDataSource registry, StepTimes times) =>
        (Name, this.app, this.http, this.registry, this.times) = (name, app, http, registry, times);

    public string Name { get; }

    public static async Task<WholeProduct> StartAsync(string name, ExternalSystems systems, string registry, string rabbit, StepTimes times, Settings settings, TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration
            .AddInMemoryCollection(systems.Settings(registry))
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("Saga:Bus:RabbitMq", rabbit)])
            .AddInMemoryCollection(settings.Engine);
        builder.Services.AddApi(builder.Configuration).AddOrchestrator(builder.Configuration).AddWorkers(builder.Configuration);
        var built = builder.Build();
        built.MapApi();
        await built.StartAsync();
        var client = new HttpClient { BaseAddress = new Uri(built.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", systems.Token(time));
        return new WholeProduct(name, built, client, NpgsqlDataSource.Create(registry), times);
    }

    public async Task<double> ProvisionAsync(string slug, IsolationTier tier)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.PostAsJsonAsync("/api/v1/tenants", new { name = slug, slug, plan = "custom", adminEmail = $"admin@{slug}.example.com", isolation = tier });
        if ((int)answer.StatusCode != 202)
            throw new InvalidOperationException($"POST /api/v1/tenants answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync());
        var operation = body.RootElement.GetProperty("id").GetGuid();
        var active = await times.ActiveAsync(operation).WaitAsync(TimeSpan.FromSeconds(60));
        // The work after activation (the mail) does not count, but must not overlap with the next tenant.
        await Until.TrueAsync(async () =>
        {
            await using var connection = await registry.OpenConnectionAsync();
            return await connection.ExecuteScalarAsync<string>(
                "select t.status || ' ' || o.state from operations o join tenants t on t.id = o.tenant_id where o.id = @operation", new { operation }) == "active completed";
        }, $"{slug} is active and its operation ends");
        return Stopwatch.GetElapsedTime(began, active).TotalMilliseconds;
    }

    /// <summary>Posts a command for an existing tenant, and waits until its operation has completed.</summary>
    /// <returns>The operation, and the seconds from its acceptance to its end by the registry's clock.</returns>
    public async Task<(Guid Operation, double Seconds)> RunAsync(string slug, string command, object body)
    {
        using var answer = await http.PostAsJsonAsync($"/api/v1/tenants/{slug}/{command}", body);
        if ((int)answer.StatusCode != 202)
            throw new InvalidOperationException($"POST /api/v1/tenants/{slug}/{command} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        using var accepted = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync());
        var operation = accepted.RootElement.GetProperty("id").GetGuid();
        (string State, double Seconds) end = default;
        await Until.TrueAsync(async () =>
        {
            await using var connection = await registry.OpenConnectionAsync();
            end = await connection.QuerySingleAsync<(string, double)>(
                "select state, coalesce(extract(epoch from finished_at - created_at), 0)::float8 from operations where id = @operation", new { operation });
            return end.State is "completed" or "compensated" or "stalled";
        }, $"the {command} of {slug} ends", TimeSpan.FromMinutes(30));
        return end.State == "completed" ? (operation, end.Seconds) : throw new InvalidOperationException($"The {command} of {slug} ended {end.State}.");
    }

    /// <summary>Asks for something, and reads the answer to its end.</summary>
    /// <returns>The milliseconds that it took.</returns>
    public async Task<double> GetAsync(string path)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(path);
        if ((int)answer.StatusCode != 200)
            throw new InvalidOperationException($"GET {path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await registry.DisposeAsync();
    }
}
