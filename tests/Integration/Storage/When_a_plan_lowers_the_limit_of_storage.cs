using System.Text.Json;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

/// <summary>A tenant of plan premium (100 GiB) with ten bytes of objects, of which one was written twice.</summary>
public sealed class When_a_plan_lowers_the_limit_of_storage : IAsyncLifetime
{
    private const long Gib = 1024 * 1024 * 1024;
    private NpgsqlDataSource registry = null!;

    public async ValueTask InitializeAsync() => registry = await PostgresServer.NewRegistryAsync();

    public async ValueTask DisposeAsync() => await registry.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_refuse_it_when_objects_and_rows_are_more_than_it_allows_and_give_the_numbers(bool s3)
    {
        await using var host = await HostAsync(s3);
        var tenant = await TenantAsync(host, "basic");

        await tenant.LeaveAsync(StepNames.CheckUsage, new { DatabaseBytes = (10 * Gib) - 10 });
        var fitting = await CheckAsync(host, tenant);
        await tenant.LeaveAsync(StepNames.CheckUsage, new { DatabaseBytes = (10 * Gib) - 9 });
        var failure = (await Should.ThrowAsync<StepFailureException>(() => CheckAsync(host, tenant))).Failure;

        JsonSerializer.Serialize(fitting).ShouldBe("""{"Objects":2,"ObjectBytes":10,"DatabaseBytes":10737418230,"LimitGib":10}""");
        (failure.Code, failure.Transient).ShouldBe(("plan-too-small", false));
        failure.Message.ShouldBe("Tenant 'acme' uses 10.01 GiB of storage (0.01 GiB of objects, 10.00 GiB in the database), and plan 'basic' allows 10 GiB.");
        failure.Remedy.ShouldBe("Remove objects or rows or choose a larger plan, then send the command again.");
    }

    [Fact]
    public async Task Should_say_that_the_rows_could_not_be_measured()
    {
        await using var host = await HostAsync(s3: false);
        var tenant = await TenantAsync(host, "basic");
        await registry.ExecuteAsync("update plan_versions set definition = jsonb_set(definition, '{limits,storageGib}', '0') where name = 'basic'");

        (await Should.ThrowAsync<StepFailureException>(() => CheckAsync(host, tenant))).Failure.Message.ShouldContain("an unknown part in the database");
    }

    [Theory]
    [InlineData("enterprise", null)]
    [InlineData("premium", null)]
    [InlineData("basic", 5)]
    public async Task Should_take_a_plan_that_does_not_lower_the_tenants_limit_whatever_it_stores(string plan, int? own)
    {
        await using var host = await HostAsync(s3: false);
        var tenant = await TenantAsync(host, plan);
        await registry.ExecuteAsync("update tenants set max_storage_gib = @own", new { own });
        await tenant.LeaveAsync(StepNames.CheckUsage, new { DatabaseBytes = 100_000 * Gib });

        (await CheckAsync(host, tenant)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_compare_with_the_version_that_the_command_was_accepted_with()
    {
        await using var host = await HostAsync(s3: false);
        var tenant = await TenantAsync(host, "basic", version: 1);
        await tenant.LeaveAsync(StepNames.CheckUsage, new { DatabaseBytes = 20 * Gib });
        await registry.ExecuteAsync(
            """
            insert into plan_versions (name, version, definition, created_by) select name, 99, jsonb_set(definition, '{limits,storageGib}', '90'), 'ada' from plan_versions where name = 'basic' and version = 1;
            update plans set current_version = 99 where name = 'basic';
            """);

        (await Should.ThrowAsync<StepFailureException>(() => CheckAsync(host, tenant))).Failure.Code.ShouldBe("plan-too-small");
    }

    [Fact]
    public async Task Should_leave_it_to_the_retries_when_the_store_is_away()
    {
        await using var folder = await HostAsync(s3: false);
        var tenant = await TenantAsync(folder, "basic");
        await using var away = StorageHost.OnS3($"http://127.0.0.1:{FreePorts.Next()}", "bucket", registry: registry);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => CheckAsync(away, tenant))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("s3-unavailable", true));
    }

    private async Task<StorageHost> HostAsync(bool s3) => s3 ? await StorageHost.OnS3Async(registry: registry) : StorageHost.OnFolder(registry);

    private async Task<SeededTenant> TenantAsync(StorageHost host, string target, int? version = null)
    {
        var tenant = await Seed.TenantAsync(registry, "acme", plan: "premium", tier: IsolationTier.Row, status: TenantStatus.Active);
        await registry.ExecuteAsync(
            "update tenants set plan_version = (select current_version from plans where name = 'premium'); update operations set input = @Input::jsonb",
            new { Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, TargetPlan = target, TargetVersion = version }, Saga.Contracts.Json.Options) });
        await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);
        await host.Objects.For(tenant.Id).PutTextAsync("a", "a former version is not the tenant's to remove");
        await host.Objects.For(tenant.Id).PutTextAsync("a", "12345");
        await host.Objects.For(tenant.Id).PutTextAsync("b", "12345");
        return tenant;
    }

    private static async Task<object?> CheckAsync(StorageHost host, SeededTenant tenant) =>
        await host.StepOf(StepNames.CheckStorage).ExecuteAsync(await tenant.BeginAsync(StepNames.CheckStorage), CancellationToken.None);
}
