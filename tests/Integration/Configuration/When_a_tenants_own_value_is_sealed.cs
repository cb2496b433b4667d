using System.Text.Json;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Configuration;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Configuration;

public sealed class When_a_tenants_own_value_is_sealed : IAsyncLifetime
{
    private const string Key = "webhookSigningSecret";
    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(registry, (s, c) => s.AddResource<ConfigurationModule>(c).AddTenantSettings(c));
        tenant = await Seed.TenantAsync(registry, "acme", plan: "premium", tier: IsolationTier.Row, status: TenantStatus.Active);
        await ExecuteAsync(StepNames.Configuration);
        await host.Get<BoxKeys>().EnsureAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_be_what_runtimes_open_and_survive_the_plans_defaults()
    {
        await AcceptAsync("mine");

        await ExecuteAsync(StepNames.SealConfiguration);
        await ExecuteAsync(StepNames.SealConfiguration);
        (await ReadAsync()).ShouldBe("mine");

        await ExecuteAsync(StepNames.Configuration);
        (await ReadAsync()).ShouldBe("mine");
        (await registry.ScalarAsync<bool>("select own and is_sealed from tenant_settings where key = @Key", new { Key })).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_stay_the_tenants_own_under_a_new_key_of_the_tenant()
    {
        await AcceptAsync("mine");
        await ExecuteAsync(StepNames.SealConfiguration);
        var before = await StoredAsync();

        await using (var transaction = await host.Get<LeasedTransactions>().BeginAsync((await tenant.BeginAsync(StepNames.SwitchCredentials)).Lease, default))
        {
            await host.Get<TenantKeyRotation>().RotateAsync(transaction, tenant.Id, default);
            await transaction.CommitAsync(default);
        }

        (await StoredAsync()).ShouldNotBe(before);
        await ExecuteAsync(StepNames.Configuration);
        (await ReadAsync()).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_stop_a_change_to_a_plan_that_does_not_know_the_key()
    {
        await AcceptAsync("mine");
        await ExecuteAsync(StepNames.SealConfiguration);
        await registry.ExecuteAsync("update plan_versions set definition = definition #- '{settings,webhookSigningSecret}' where name = 'custom'");
        await registry.ExecuteAsync("update operations set input = @Input::jsonb", new { Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, TargetPlan = "custom" }, Saga.Contracts.Json.Options) });

        (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(StepNames.ChangePlan))).Failure.Code.ShouldBe("setting-unknown");

        (await registry.ScalarAsync<string>("select plan from tenants")).ShouldBe("premium");
        (await ReadAsync()).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_give_back_exactly_the_former_value_when_it_is_undone()
    {
        var before = await StoredAsync();
        await AcceptAsync("mine");
        await ExecuteAsync(StepNames.SealConfiguration);
        await ExecuteAsync(StepNames.SealConfiguration);

        await CompensateAsync(StepNames.SealConfiguration);
        await CompensateAsync(StepNames.SealConfiguration);

        (await StoredAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Should_be_restored_as_the_tenants_own_when_a_later_value_is_undone()
    {
        await AcceptAsync("mine");
        await ExecuteAsync(StepNames.SealConfiguration);
        var first = await StoredAsync();
        await registry.ExecuteAsync("delete from tenant_changes");
        await AcceptAsync("later");
        await ExecuteAsync(StepNames.SealConfiguration);
        (await ReadAsync()).ShouldBe("later");

        await CompensateAsync(StepNames.SealConfiguration);

        (await StoredAsync()).ShouldBe(first);
        (await ReadAsync()).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_not_open_a_box_of_another_tenant_or_under_a_key_that_is_gone()
    {
        await AcceptAsync("mine", boxFor: new TenantId(Guid.CreateVersion7()));
        (await FailureAsync()).ShouldBe("box-closed");

        await AcceptAsync("mine");
        await registry.ExecuteAsync("delete from box_keys");
        (await FailureAsync()).ShouldBe("box-closed");
    }

    [Fact]
    public async Task Should_give_way_to_a_new_value_of_the_plans_when_it_is_taken_back()
    {
        var made = await ReadAsync();
        await AcceptAsync("mine");
        await ExecuteAsync(StepNames.SealConfiguration);
        await RemoveAsync();

        await ExecuteAsync(StepNames.ResetConfiguration);
        var again = await StoredAsync();
        await ExecuteAsync(StepNames.ResetConfiguration);

        (await StoredAsync()).ShouldBe(again, "what was generated stays");
        (await ReadAsync()).ShouldNotBeOneOf(made, "mine");
        (await registry.ScalarAsync<bool>("select own from tenant_settings where key = @Key", new { Key })).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_be_back_when_its_removal_is_undone()
    {
        await AcceptAsync("mine");
        await ExecuteAsync(StepNames.SealConfiguration);
        var before = await StoredAsync();
        await RemoveAsync();
        await ExecuteAsync(StepNames.ResetConfiguration);

        await CompensateAsync(StepNames.ResetConfiguration);
        await CompensateAsync(StepNames.ResetConfiguration);

        (await StoredAsync()).ShouldBe(before);
        (await ReadAsync()).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_keep_a_generated_value_that_nobody_replaced()
    {
        var before = await StoredAsync();
        await RemoveAsync();

        await ExecuteAsync(StepNames.ResetConfiguration);

        (await StoredAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Should_make_one_key_for_a_master_key_however_many_workers_start()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.Get<BoxKeys>().EnsureAsync(default)));

        (await registry.ScalarAsync<long>("select count(*) from box_keys")).ShouldBe(1);
    }

    private async Task AcceptAsync(string value, TenantId? boxFor = null)
    {
        var (id, key) = (await new BoxKeyStore(registry).FindNewestAsync(default))!.Value;
        var command = new SetConfig { TenantId = boxFor ?? tenant.Id, ConfigKey = Key, ConfigValue = JsonSerializer.SerializeToElement(value), IsEncrypted = true };
        await BeginAsync(BoxedConfig.Seal(command, id, key) with { TenantId = tenant.Id });
    }

    private Task RemoveAsync() => BeginAsync(new() { TenantId = tenant.Id, ConfigKey = Key, Remove = true });

    private async Task BeginAsync(SetConfig command)
    {
        await registry.ExecuteAsync("update operations set input = @Input::jsonb", new { Input = JsonSerializer.Serialize(command, Saga.Contracts.Json.Options) });
        await registry.ExecuteAsync("delete from tenant_changes");
        await using var connection = await registry.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in TenantChangeRows.SetCommands(tenant.Id, tenant.OperationId, TenantField.Settings, Key, null, DateTimeOffset.UtcNow))
            batch.BatchCommands.Add(statement);
        await batch.ExecuteNonQueryAsync();
    }

    private async Task<string> FailureAsync() => (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(StepNames.SealConfiguration))).Failure.Code;

    private async Task<string?> ReadAsync() => (await host.Get<TenantSettings>().FindAsync(tenant.Id, Key, default))!.Value.GetString();

    private Task<string?> StoredAsync() => registry.ScalarAsync<string>(
        "select string_agg(key || coalesce(value::text, '') || coalesce(encode(sealed, 'hex'), '') || own, ' ' order by key) from tenant_settings");

    private async Task ExecuteAsync(string step) => await host.Step(step).ExecuteAsync(await tenant.BeginAsync(step), CancellationToken.None);

    private async Task CompensateAsync(string step) => await host.Step(step).CompensateAsync(await tenant.BeginAsync(step), CancellationToken.None);
}
