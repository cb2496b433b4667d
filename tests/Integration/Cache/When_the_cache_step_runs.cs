using System.Text;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>The step's contract on every adapter of <see cref="ICacheProvisioner"/>.</summary>
public abstract class When_the_cache_step_runs : IAsyncLifetime
{
    protected Npgsql.NpgsqlDataSource Registry { get; private set; } = null!;

    protected WorkerHost Host { get; private set; } = null!;

    protected SeededTenant Tenant { get; private set; } = null!;

    protected IStep Step => Host.Step(StepNames.Cache);

    public async ValueTask InitializeAsync()
    {
        Registry = await PostgresServer.NewRegistryAsync();
        Host = await StartAsync(Registry);
        Tenant = await Seed.TenantAsync(Registry, "acme");
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Registry.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_keep_the_first_credential_when_it_runs_again()
    {
        var first = (ProvisionedCache)(await ExecuteAsync())!;
        var stored = await CredentialAsync();
        var second = await ExecuteAsync();

        second.ShouldBe(first);
        first.KeySpace.ShouldBe($"t:{Tenant.Id}:");
        (await CredentialAsync())?.Password.ShouldBe(stored!.Password);
    }

    [Fact]
    public async Task Should_keep_the_entries_while_the_user_is_off_and_serve_them_again()
    {
        await ExecuteAsync();
        var stored = await CredentialAsync();
        await SetAsync(Tenant.Id, "k");

        await RunAsync(StepNames.DisableCache);
        await RunAsync(StepNames.DisableCache);
        await RunAsync(StepNames.EnableCache);
        await RunAsync(StepNames.EnableCache);

        (await Host.Get<ICacheStore>().For(Tenant.Id).GetAsync(CacheKey.Parse("k"), CancellationToken.None)).ShouldNotBeNull();
        (await CredentialAsync())?.Password.ShouldBe(stored!.Password);
    }

    [Fact]
    public async Task Should_list_what_tenants_have()
    {
        var other = await Seed.TenantAsync(Registry, "other");
        await ExecuteAsync();
        await Step.ExecuteAsync(await other.BeginAsync(StepNames.Cache), CancellationToken.None);
        await SetAsync(Tenant.Id, "k");
        await SetAsync(other.Id, "k");
        await RunAsync(StepNames.DisableCache);

        var provisioner = Host.Get<ICacheProvisioner>();
        var listed = (await provisioner.ListAsync(CancellationToken.None).ToListAsync()).SelectMany(p => p).Where(l => l.Tenant == Tenant.Id || l.Tenant == other.Id).ToList();

        listed.Select(l => (l.Tenant, l.User)).ShouldBe([(Tenant.Id, provisioner.User(Tenant.Id)), (other.Id, provisioner.User(other.Id))], ignoreOrder: true);
        if (provisioner.User(Tenant.Id) is null)
            return;
        (listed.Single(l => l.Tenant == Tenant.Id).IsEnabled, listed.Single(l => l.Tenant == other.Id).IsEnabled).ShouldBe((false, true));
        var installation = await Registry.ScalarAsync<Guid>("select id from installation");
        listed.ShouldAllBe(l => l.Installation == installation && l.Keys.EndsWith($"~{CacheKey.Prefix(l.Tenant)}*", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_switch_off_nothing_that_is_not_there()
    {
        await RunAsync(StepNames.DisableCache);

        (await Host.Get<ICacheProvisioner>().ExistsAsync(Tenant.Id, CancellationToken.None)).ShouldBeFalse();
    }

    private async Task RunAsync(string step) => await Host.Step(step).ExecuteAsync(await Tenant.BeginAsync(step), CancellationToken.None);

    [Fact]
    public async Task Should_remove_its_own_entries_only()
    {
        var other = await Seed.TenantAsync(Registry, "other");
        await ExecuteAsync();
        await Step.ExecuteAsync(await other.BeginAsync(StepNames.Cache), CancellationToken.None);
        foreach (var id in new[] { Tenant.Id, other.Id })
        {
            for (var i = 0; i < 1500; i++)
                await SetAsync(id, $"k{i}");
        }

        await CompensateAsync();

        (await Host.Get<ICacheProvisioner>().ExistsAsync(Tenant.Id, CancellationToken.None)).ShouldBeFalse();
        (await CredentialAsync()).ShouldBeNull();
        (await Host.Get<ICacheStore>().For(other.Id).GetAsync(CacheKey.Parse("k1499"), CancellationToken.None)).ShouldNotBeNull();
        (await Host.Get<ICacheProvisioner>().ExistsAsync(other.Id, CancellationToken.None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_compensate_twice_and_without_a_user()
    {
        await CompensateAsync();
        await ExecuteAsync();
        await CompensateAsync();
        await CompensateAsync();

        (await Host.Get<ICacheProvisioner>().ExistsAsync(Tenant.Id, CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_do_nothing_without_the_lease()
    {
        var stale = await Tenant.BeginAsync(StepNames.Cache);
        await Tenant.BeginAsync(StepNames.Cache);

        await Should.ThrowAsync<LeaseLostException>(() => Step.ExecuteAsync(stale, CancellationToken.None));
        (await Host.Get<ICacheProvisioner>().ExistsAsync(Tenant.Id, CancellationToken.None)).ShouldBeFalse();
        (await CredentialAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Should_undo_nothing_without_the_lease()
    {
        var stale = await Tenant.BeginAsync(StepNames.Cache);
        await ExecuteAsync();
        await SetAsync(Tenant.Id, "a");

        await Should.ThrowAsync<LeaseLostException>(() => Step.CompensateAsync(stale, CancellationToken.None));

        (await Host.Get<ICacheStore>().For(Tenant.Id).GetAsync(CacheKey.Parse("a"), CancellationToken.None)).ShouldNotBeNull();
        (await Host.Get<ICacheProvisioner>().ExistsAsync(Tenant.Id, CancellationToken.None)).ShouldBeTrue();
    }

    protected async Task<object?> ExecuteAsync() => await Step.ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None);

    protected async Task CompensateAsync() => await Step.CompensateAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None);

    protected Task<Credential?> CredentialAsync() =>
        Host.Get<TenantCredentials>().FindAsync(Tenant.Id, CredentialPurposes.Cache, CancellationToken.None);

    protected Task SetAsync(TenantId tenant, string key) => Host.Get<ICacheStore>().For(tenant)
        .SetAsync(CacheKey.Parse(key), Encoding.UTF8.GetBytes(key), TimeSpan.FromMinutes(5), CancellationToken.None);

    protected abstract Task<WorkerHost> StartAsync(Npgsql.NpgsqlDataSource registry);
}

public sealed class When_the_cache_step_runs_in_process : When_the_cache_step_runs
{
    protected override Task<WorkerHost> StartAsync(Npgsql.NpgsqlDataSource registry) => Task.FromResult(CacheHost.InProcess(registry));
}

public sealed class When_the_cache_step_runs_on_redis : When_the_cache_step_runs
{
    [Fact]
    public async Task Should_let_the_tenants_user_reach_its_own_keys_only()
    {
        await ExecuteAsync();
        var stranger = WorkerHost.NewTenant();
        // One prefix differs from the tenant's only in the last digit; the other is the tenant's without its end.
        var (near, longer) = (Tenant.Id.ToString()[..^1], $"{Tenant.Id}0");

        (await AsTenantAsync($"SET t:{Tenant.Id}:a 1")).ShouldStartWith("+OK");
        (await AsTenantAsync($"GET t:{Tenant.Id}:a")).ShouldBe("$1\r\n1\r\n");
        string[] hostile =
        [
            $"GET t:{stranger}:a", $"SET t:{stranger}:a 1", $"GET t:{near}:a", $"GET t:{longer}:a", $"SUBSCRIBE t:{longer}:c", $"MGET t:{Tenant.Id}:a t:{stranger}:a", $"RENAME t:{Tenant.Id}:a t:{stranger}:a",
            $"COPY t:{Tenant.Id}:a t:{Tenant.Id}:b DB 1", $"MOVE t:{Tenant.Id}:a 1", "SELECT 1", "KEYS *", "SCAN 0", "DBSIZE", "RANDOMKEY", "FLUSHALL", "FLUSHDB",
            "EVAL return 0", "CONFIG GET *", "ACL LIST", "ACL GETUSER default", "CLIENT LIST", "CLIENT TRACKING ON BCAST", "CLIENT CACHING YES", "CLIENT REPLY OFF", "CLIENT NO-EVICT ON", "PUBSUB CHANNELS", $"SUBSCRIBE t:{stranger}:c", "PSUBSCRIBE *", $"PUBLISH t:{stranger}:c x",
            $"SORT t:{Tenant.Id}:a BY t:{stranger}:*", "MONITOR", "SHUTDOWN", "REPLICAOF NO ONE", "OBJECT ENCODING t:x:a", "SWAPDB 0 1", "MIGRATE h 1 k 0 1", "FUNCTION LIST",
        ];
        (await AsTenantAsync("ACL WHOAMI")).ShouldContain(User);
        foreach (var command in hostile)
            (await AsTenantAsync(command)).ShouldStartWith("-NOPERM", customMessage: command);
    }

    [Fact]
    public async Task Should_take_back_rights_that_somebody_added()
    {
        await ExecuteAsync();
        var server = await RedisServer.SharedAsync();
        (await server.AskAsync($"ACL SETUSER {User} allkeys allcommands >added (+@all ~*)")).ShouldStartWith("+OK");

        await ExecuteAsync();

        (await AsTenantAsync("KEYS *")).ShouldStartWith("-NOPERM");
        (await server.AskAsync($"AUTH {User} added")).ShouldStartWith("-WRONGPASS");
    }

    [Fact]
    public async Task Should_end_live_connections_of_the_user_it_removes()
    {
        await ExecuteAsync();
        var server = await RedisServer.SharedAsync();
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync("127.0.0.1", int.Parse(server.Address.Split(':')[1]));
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"AUTH {User} {(await CredentialAsync())!.Password}\r\n"));
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync()).ShouldBe("+OK");

        await CompensateAsync();

        (await reader.ReadLineAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Should_outlive_a_restart_where_the_server_has_a_file_for_users()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var host = CacheHost.On(server, Registry);

        var made = (ProvisionedCache)(await host.Step(StepNames.Cache).ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None))!;
        server.Stop();
        await server.StartAsync();

        made.Durability.ShouldContain("aclfile");
        (await server.AskAsync($"AUTH {User} {(await CredentialAsync())!.Password}")).ShouldStartWith("+OK");
    }

    [Fact]
    public async Task Should_say_so_where_users_end_with_the_server()
    {
        await using var server = await RedisServer.StartNewAsync(aclFile: false);
        await using var host = CacheHost.On(server, Registry);

        var made = (ProvisionedCache)(await host.Step(StepNames.Cache).ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None))!;

        made.Durability.ShouldContain("until the server restarts");
    }

    [Fact]
    public async Task Should_be_transient_while_the_server_is_away_and_continue_when_it_is_back()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var host = CacheHost.On(server, Registry);
        var step = host.Step(StepNames.Cache);
        server.Stop();

        var error = await Should.ThrowAsync<StepFailureException>(async () => await step.ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None));
        error.Failure.ShouldSatisfyAllConditions(
            () => error.Failure.Transient.ShouldBeTrue(), () => error.Failure.System.ShouldBe("redis"), () => error.Failure.Code.ShouldBe("redis-unavailable"));
        var stored = await CredentialAsync();
        error.Failure.Message.ShouldNotContain(stored!.Password);

        await server.StartAsync();
        await Until.TrueAsync(async () =>
        {
            try
            {
                await step.ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None);
                return true;
            }
            catch (StepFailureException again) when (again.Failure.Transient)
            {
                return false;
            }
        });
        (await server.AskAsync($"AUTH {User} {stored.Password}")).ShouldStartWith("+OK");
    }

    [Fact]
    public async Task Should_keep_the_credential_until_the_server_forgot_the_user()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var host = CacheHost.On(server, Registry);
        var step = host.Step(StepNames.Cache);
        await step.ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None);
        server.Stop();

        var error = await Should.ThrowAsync<StepFailureException>(async () => await step.CompensateAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None));

        error.Failure.Code.ShouldBe("redis-unavailable");
        (await CredentialAsync()).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_fail_permanently_where_it_may_not_manage_users()
    {
        await using var server = await RedisServer.StartNewAsync(aclFile: false, "user default on nopass ~* &* +@all -acl");
        await using var host = CacheHost.On(server, Registry);

        var error = await Should.ThrowAsync<StepFailureException>(async () =>
            await host.Step(StepNames.Cache).ExecuteAsync(await Tenant.BeginAsync(StepNames.Cache), CancellationToken.None));

        error.Failure.Transient.ShouldBeFalse();
        error.Failure.Code.ShouldBe("redis-access-denied");
    }

    private string User => $"t_{Tenant.Id.Compact}";

    protected override async Task<WorkerHost> StartAsync(Npgsql.NpgsqlDataSource registry) => CacheHost.On(await RedisServer.SharedAsync(), registry);

    private async Task<string> AsTenantAsync(string command)
    {
        var server = await RedisServer.SharedAsync();
        return await server.AskAsync($"AUTH {User} {(await CredentialAsync())!.Password}", command);
    }
}
