using System.Text.Json;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tenancy.Configuration;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Configuration;

public sealed class When_an_update_changes_settings : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(registry, (s, c) => s.AddResource<ConfigurationModule>(c).AddTenantSettings(c));
        tenant = await Seed.TenantAsync(
            registry, "acme", plan: "premium", tier: IsolationTier.Row, status: TenantStatus.Active,
            features: new Dictionary<string, bool> { ["advanced_analytics"] = true },
            settings: new Dictionary<string, JsonElement> { ["file_upload.max_size"] = JsonElement.Parse("7"), ["session.timeout"] = JsonElement.Parse("9") });
        await ExecuteAsync(StepNames.Configuration);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_write_what_changes_and_nothing_else()
    {
        // Somebody else's hand in the rows that the update does not name.
        await registry.ExecuteAsync("update tenant_settings set value = '99' where key = 'api.rate_limit'");
        await Updates.BeginAsync(tenant, """{"settings":{"file_upload.max_size":8,"session.timeout":null},"features":{"advanced_analytics":null,"biometric_auth":false}}""");

        await ExecuteAsync(StepNames.UpdateConfiguration);
        await ExecuteAsync(StepNames.UpdateConfiguration);

        var all = await host.Get<TenantSettings>().ReadAllAsync(tenant.Id, CancellationToken.None);
        (all["file_upload.max_size"].GetInt32(), all["session.timeout"].GetInt32(), all["api.rate_limit"].GetInt32()).ShouldBe((8, 7200, 99));
        (all["feature:advanced_analytics"].GetBoolean(), all["feature:biometric_auth"].GetBoolean()).ShouldBe((false, false));
    }

    [Fact]
    public async Task Should_restore_exactly_what_was_there()
    {
        var before = await Updates.FactsAsync(registry, tenant.Id);
        await Updates.BeginAsync(tenant, """{"settings":{"file_upload.max_size":8},"features":{"biometric_auth":false}}""");
        await ExecuteAsync(StepNames.UpdateConfiguration);
        await ExecuteAsync(StepNames.UpdateConfiguration);

        await CompensateAsync(StepNames.UpdateConfiguration);
        await CompensateAsync(StepNames.UpdateConfiguration);
        await registry.ExecuteAsync("update tenants set features = (select before -> 'features' from tenant_changes), settings = (select before -> 'settings' from tenant_changes)");

        (await Updates.FactsAsync(registry, tenant.Id)).ShouldBe(before);
    }

    [Fact]
    public async Task Should_touch_nothing_when_no_setting_changes()
    {
        await Updates.BeginAsync(tenant, """{"phone":"+493012345678"}""");
        var before = await Updates.FactsAsync(registry, tenant.Id);

        await ExecuteAsync(StepNames.UpdateConfiguration);
        await CompensateAsync(StepNames.UpdateConfiguration);

        (await Updates.FactsAsync(registry, tenant.Id)).ShouldBe(before);
    }

    private async Task ExecuteAsync(string step) => await host.Step(step).ExecuteAsync(await tenant.BeginAsync(step), CancellationToken.None);

    private async Task CompensateAsync(string step) => await host.Step(step).CompensateAsync(await tenant.BeginAsync(step), CancellationToken.None);
}
