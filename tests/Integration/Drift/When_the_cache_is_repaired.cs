using Npgsql;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Cache;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Shouldly;
using StackExchange.Redis;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_the_cache_is_repaired : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private DriftScans scans = null!;
    private SeededTenant tenant = null!;
    private WorkerHost host = null!;
    private ConnectionMultiplexer admin = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        scans = new(registry);
        tenant = await Seed.TenantAsync(registry, "acme");
        var redis = await RedisServer.SharedAsync();
        host = CacheHost.On(redis, registry);
        admin = await ConnectionMultiplexer.ConnectAsync(redis.Address + ",allowAdmin=true");
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), default);
        await scans.ActivateAsync(tenant);
    }

    public async ValueTask DisposeAsync()
    {
        await admin.DisposeAsync();
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_set_back_users_and_make_them_again_with_the_stored_password()
    {
        var password = await PasswordsAsync();
        foreach (var rules in (string[][])[["SETUSER", User, "off", "allkeys", "nopass"], ["DELUSER", User]])
        {
            await AclAsync(rules);
            await scans.RunAsync(Repair.Inventory);

            (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);

            await scans.RunAsync(Repair.Inventory);
            (await scans.OpenAsync()).ShouldBeEmpty();
            (await PasswordsAsync()).ShouldBe(password);
        }
    }

    [Fact]
    public async Task Should_switch_off_the_user_of_a_suspended_tenant()
    {
        await registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'abuse', 'closed', 'ada', 'Why.')", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);

        (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);
        (await IsOnAsync()).ShouldBeFalse();

        await AclAsync("DELUSER", User);
        await scans.RunAsync(Repair.Inventory);
        (await scans.RepairAsync(Repair)).ShouldBe([$"repaired cacheUser {User}"]);
        (await IsOnAsync()).ShouldBeFalse("made again, it is as its tenant is");
    }

    [Fact]
    public async Task Should_quarantine_an_orphan_release_it_and_remove_it_in_the_end()
    {
        await registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);

        (await scans.RepairAsync(Repair)).ShouldBe([$"quarantined cacheUser {User}"]);
        (await IsOnAsync()).ShouldBeFalse();
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBeEmpty();

        await scans.ReleaseAsync(Repair);
        (await IsOnAsync()).ShouldBeTrue();

        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        (await scans.RemoveAsync(Repair)).ShouldBe(["removed"]);
        (await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).IsNull.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_leave_a_user_that_somebody_has_switched_on()
    {
        await registry.ExecuteAsync("update tenants set status = 'failed' where id = @Value", new { tenant.Id.Value });
        await scans.RunAsync(Repair.Inventory);
        await scans.RepairAsync(Repair);
        await AclAsync("SETUSER", User, "on");

        (await scans.RemoveAsync(Repair)).ShouldBe(["left Somebody has changed it since it was quarantined."]);

        (await IsOnAsync()).ShouldBeTrue();
        await scans.RunAsync(Repair.Inventory);
        (await scans.OpenAsync()).ShouldBe([$"orphan cacheUser {User}"]);
        await AclAsync("DELUSER", User);
    }

    private CacheRepair Repair => host.Get<CacheRepair>();

    private string User => $"t_{tenant.Id.Compact}";

    private Task AclAsync(params string[] words) => admin.GetDatabase().ExecuteAsync("ACL", [.. words.Cast<object>()]);

    private async Task<bool> IsOnAsync() => ((string[])(await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).ToDictionary()["flags"]!).Contains("on", StringComparer.Ordinal);

    private async Task<string[]> PasswordsAsync() => (string[])(await admin.GetDatabase().ExecuteAsync("ACL", "GETUSER", User)).ToDictionary()["passwords"]!;
}
