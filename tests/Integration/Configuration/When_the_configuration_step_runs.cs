using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Configuration;

public sealed class When_the_configuration_step_runs : IAsyncLifetime
{
    private const string Secret = "webhookSigningSecret";
    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(registry, (s, c) => s.AddResource<ConfigurationModule>(c).AddTenantSettings(c));
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_lay_the_tenants_own_values_over_the_plans()
    {
        var tenant = await Seed.TenantAsync(
            registry, "acme", plan: "basic", tier: IsolationTier.Row,
            features: new Dictionary<string, bool> { ["biometric_auth"] = true }, settings: Settings(("file_upload.max_size", "7")));

        await ExecuteAsync(tenant);

        var all = await AllAsync(tenant);
        all["file_upload.max_size"].GetInt32().ShouldBe(7);
        all["api.rate_limit"].GetInt32().ShouldBe(1_000);
        all["feature:biometric_auth"].GetBoolean().ShouldBeTrue();
        all["features.biometric_auth"].GetBoolean().ShouldBeTrue("it is the same feature");
        all["feature:advanced_analytics"].GetBoolean().ShouldBeFalse();
        all[Secret].GetString()!.Length.ShouldBe(64);
        all.Count.ShouldBe(16, "six settings, and five features under two prefixes");
    }

    [Fact]
    public async Task Should_keep_the_first_secret_when_it_runs_again()
    {
        var tenant = await Seed.TenantAsync(registry, "acme");
        await ExecuteAsync(tenant);
        var first = await Reader.FindAsync(tenant.Id, Secret, CancellationToken.None);

        await ExecuteAsync(tenant);

        (await Reader.FindAsync(tenant.Id, Secret, CancellationToken.None))!.Value.GetString().ShouldBe(first!.Value.GetString());
    }

    [Fact]
    public async Task Should_keep_the_secret_out_of_the_clear_and_of_its_output()
    {
        var tenant = await Seed.TenantAsync(registry, "acme");

        var output = JsonSerializer.Serialize(await ExecuteAsync(tenant));

        var value = (await Reader.FindAsync(tenant.Id, Secret, CancellationToken.None))!.Value.GetString()!;
        output.ShouldNotContain(value);
        await using var connection = await registry.OpenConnectionAsync();
        var (clear, sealedBytes) = await connection.QuerySingleAsync<(string?, byte[])>("select value::text, sealed from tenant_settings where key = @Secret", new { Secret });
        clear.ShouldBeNull();
        System.Text.Encoding.Latin1.GetString(sealedBytes).ShouldNotContain(value);
    }

    [Fact]
    public async Task Should_make_another_secret_for_another_tenant()
    {
        var (first, second) = (await Seed.TenantAsync(registry, "acme"), await Seed.TenantAsync(registry, "other"));
        await ExecuteAsync(first);
        await ExecuteAsync(second);

        (await Reader.FindAsync(first.Id, Secret, CancellationToken.None))!.Value.GetString()
            .ShouldNotBe((await Reader.FindAsync(second.Id, Secret, CancellationToken.None))!.Value.GetString());
    }

    [Fact]
    public async Task Should_seal_an_own_value_of_a_sealed_setting_and_take_the_newest()
    {
        var tenant = await Seed.TenantAsync(registry, "acme", settings: Settings((Secret, "\"chosen\"")));

        await ExecuteAsync(tenant);
        await ExecuteAsync(tenant);

        (await Reader.FindAsync(tenant.Id, Secret, CancellationToken.None))!.Value.GetString().ShouldBe("chosen");
        await using var count = registry.CreateCommand("select count(*) from tenant_settings where value::text like '%chosen%'");
        (await count.ExecuteScalarAsync()).ShouldBe(0L);
    }

    [Fact]
    public async Task Should_not_open_a_sealed_value_that_was_moved()
    {
        var (first, second) = (await Seed.TenantAsync(registry, "acme"), await Seed.TenantAsync(registry, "other"));
        await ExecuteAsync(first);
        await ExecuteAsync(second);
        await using (var move = registry.CreateCommand(
            $"update tenant_settings set sealed = (select sealed from tenant_settings where tenant_id = '{first.Id}' and key = '{Secret}') where tenant_id = '{second.Id}' and key = '{Secret}'"))
            await move.ExecuteNonQueryAsync();

        await Should.ThrowAsync<SealingException>(() => Reader.FindAsync(second.Id, Secret, CancellationToken.None));
    }

    [Theory]
    [InlineData("{\"noSuchSetting\": 1}", "{}", "setting-unknown", "noSuchSetting")]
    [InlineData("{}", "{\"noSuchFeature\": true}", "feature-unknown", "noSuchFeature")]
    public async Task Should_refuse_what_the_plan_does_not_know(string settings, string features, string code, string named)
    {
        var tenant = await Seed.TenantAsync(
            registry, "acme", settings: JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(settings), features: JsonSerializer.Deserialize<Dictionary<string, bool>>(features));

        var error = await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(tenant));

        error.Failure.ShouldSatisfyAllConditions(
            () => error.Failure.Code.ShouldBe(code), () => error.Failure.Transient.ShouldBeFalse(), () => error.Failure.Message.ShouldContain(named));
        (await AllAsync(tenant)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_write_all_or_nothing()
    {
        await using (var broken = registry.CreateCommand("update plan_versions set definition = jsonb_set(definition, '{settings,zzz}', '{}') where name = 'enterprise'"))
            await broken.ExecuteNonQueryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme");

        var error = await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(tenant));

        error.Failure.Code.ShouldBe("plan-invalid");
        (await AllAsync(tenant)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_undo_twice_and_leave_others_alone()
    {
        var (gone, stays) = (await Seed.TenantAsync(registry, "acme"), await Seed.TenantAsync(registry, "other"));
        await CompensateAsync(gone);
        await ExecuteAsync(gone);
        await ExecuteAsync(stays);

        await CompensateAsync(gone);
        await CompensateAsync(gone);

        (await AllAsync(gone)).ShouldBeEmpty();
        (await AllAsync(stays)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Should_write_nothing_without_the_lease()
    {
        var tenant = await Seed.TenantAsync(registry, "acme");
        var stale = await tenant.BeginAsync(StepNames.Configuration);
        await tenant.BeginAsync(StepNames.Configuration);

        await Should.ThrowAsync<LeaseLostException>(() => Step.ExecuteAsync(stale, CancellationToken.None));
        (await AllAsync(tenant)).ShouldBeEmpty();

        await ExecuteAsync(tenant);
        await Should.ThrowAsync<LeaseLostException>(() => Step.CompensateAsync(stale, CancellationToken.None));
        (await AllAsync(tenant)).ShouldNotBeEmpty();
    }

    private IStep Step => host.Step(StepNames.Configuration);

    private TenantSettings Reader => host.Get<TenantSettings>();

    private async Task<object?> ExecuteAsync(SeededTenant tenant) =>
        await Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Configuration), CancellationToken.None);

    private async Task CompensateAsync(SeededTenant tenant) =>
        await Step.CompensateAsync(await tenant.BeginAsync(StepNames.Configuration), CancellationToken.None);

    private Task<IReadOnlyDictionary<string, JsonElement>> AllAsync(SeededTenant tenant) => Reader.ReadAllAsync(tenant.Id, CancellationToken.None);

    private static Dictionary<string, JsonElement> Settings(params (string Key, string Json)[] settings) =>
        settings.ToDictionary(s => s.Key, s => JsonSerializer.Deserialize<JsonElement>(s.Json), StringComparer.Ordinal);
}
