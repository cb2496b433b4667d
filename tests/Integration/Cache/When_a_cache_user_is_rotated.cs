using System.Text.Json;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Shouldly;
using StackExchange.Redis;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>The steps of a rotation on a real Redis: two users in turn.</summary>
public sealed class When_a_cache_user_is_rotated : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private RedisServer redis = null!;
    private WorkerHost host = null!;
    private SeededTenant tenant = null!;

    private string First => $"t_{tenant.Id.Compact}";

    private string Second => First + "_b";

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        redis = await RedisServer.SharedAsync();
        host = new(
            registry, (s, c) => s.AddResource<CacheModule>(c).AddResource<ConfigurationModule>(c).AddVerificationsOf<CacheModule>(c),
            ("Saga:Cache:Adapter", "redis"), ("Saga:Cache:Redis:ConnectionString", redis.Address), ("Saga:Cache:Redis:TimeoutSeconds", "3"));
        tenant = await Seed.TenantAsync(registry, "acme", status: Saga.Contracts.Identifiers.TenantStatus.Active);
        await registry.ExecuteAsync(
            "update operations set input = @Input::jsonb", new { Input = JsonSerializer.Serialize(new RotateCredentials { TenantId = tenant.Id, What = ["cache"] }, Saga.Contracts.Json.Options) });
        await ExecuteAsync(StepNames.Cache);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_let_both_in_until_the_former_one_is_removed_and_turn_back_the_next_time()
    {
        var former = await CredentialAsync();
        former.Username.ShouldBe(First);
        await using var open = await RedisTenantSession.OpenAsync(Options, former, default);

        await ExecuteAsync(StepNames.AddCacheUser);
        (await CredentialAsync()).ShouldBe(former, "runtimes do not see the new one yet");
        await ExecuteAsync(StepNames.SwitchCredentials);

        var credential = await CredentialAsync();
        credential.Username.ShouldBe(Second);
        await WriteAsync(open, "by-former");
        await using (var session = await RedisTenantSession.OpenAsync(Options, credential, default))
        {
            await WriteAsync(session, "by-new");
            await ExecuteAsync(StepNames.RetireCacheUser);
            (await session.AskAsync(async d => (string?)await d.StringGetAsync(Key("by-former")), default)).ShouldBe("1", "its connections stay, and so do the tenant's keys");
        }

        await RefusedAsync(former);
        (await UsersAsync()).ShouldBe([Second]);
        await VerifyAsync();

        await registry.ExecuteAsync("delete from credential_rotations");
        foreach (var step in (string[])[StepNames.AddCacheUser, StepNames.SwitchCredentials, StepNames.RetireCacheUser])
            await ExecuteAsync(step);
        (await UsersAsync()).ShouldBe([First]);
        await VerifyAsync();
    }

    [Fact]
    public async Task Should_change_nothing_more_when_a_step_runs_again()
    {
        await ExecuteAsync(StepNames.AddCacheUser);
        var line = await LineAsync(Second);
        await ExecuteAsync(StepNames.AddCacheUser);
        (await LineAsync(Second)).ShouldBe(line, "a killed attempt may have set the password");
        await ExecuteAsync(StepNames.SwitchCredentials);
        await ExecuteAsync(StepNames.SwitchCredentials);
        await ExecuteAsync(StepNames.RetireCacheUser);
        (await ExecuteAsync(StepNames.RetireCacheUser)).ShouldBeNull();

        (await CredentialAsync()).Username.ShouldBe(Second);
        (await UsersAsync()).ShouldBe([Second]);
        (await registry.ScalarAsync<string>("select string_agg(purpose, ' ') from tenant_credentials")).ShouldBe("cache");
    }

    [Fact]
    public async Task Should_be_undone_before_the_switch_without_a_trace()
    {
        await CompensateAsync(StepNames.AddCacheUser);
        await ExecuteAsync(StepNames.AddCacheUser);

        await CompensateAsync(StepNames.AddCacheUser);
        await CompensateAsync(StepNames.AddCacheUser);

        (await UsersAsync()).ShouldBe([First]);
        (await registry.ScalarAsync<string>("select string_agg(purpose, ' ') from tenant_credentials")).ShouldBe("cache");
        await VerifyAsync();
    }

    [Fact]
    public async Task Should_disable_and_remove_both_whoever_is_in_use()
    {
        await ExecuteAsync(StepNames.AddCacheUser);
        await ExecuteAsync(StepNames.SwitchCredentials);

        await ExecuteAsync(StepNames.DisableCache);
        (await LineAsync(First)).ShouldContain(" off ");
        (await LineAsync(Second)).ShouldContain(" off ");
        await ExecuteAsync(StepNames.EnableCache);
        (await LineAsync(Second)).ShouldContain(" on ");
        await VerifyAsync();

        await host.Get<ICacheProvisioner>().RemoveAsync(tenant.Id, default);
        (await UsersAsync()).ShouldBeEmpty();
        (await host.Get<ICacheProvisioner>().ExistsAsync(tenant.Id, default)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_do_nothing_without_the_lease()
    {
        foreach (var step in (string[])[StepNames.AddCacheUser, StepNames.RetireCacheUser])
        {
            var stale = await tenant.BeginAsync(step);
            await tenant.BeginAsync(step);
            await Should.ThrowAsync<LeaseLostException>(() => host.Step(step).ExecuteAsync(stale, default));
        }

        (await UsersAsync()).ShouldBe([First]);
    }

    [Fact]
    public async Task Should_have_nothing_to_rotate_in_a_cache_without_users()
    {
        await using var embedded = new WorkerHost(registry, (s, c) => s.AddResource<CacheModule>(c).AddResource<ConfigurationModule>(c), ("Saga:Cache:Adapter", "inprocess"));
        await registry.ExecuteAsync("delete from tenant_credentials");

        (await embedded.Step(StepNames.AddCacheUser).ExecuteAsync(await tenant.BeginAsync(StepNames.AddCacheUser), default)).ShouldBeNull();
        await embedded.Step(StepNames.SwitchCredentials).ExecuteAsync(await tenant.BeginAsync(StepNames.SwitchCredentials), default);
        (await embedded.Step(StepNames.RetireCacheUser).ExecuteAsync(await tenant.BeginAsync(StepNames.RetireCacheUser), default)).ShouldBeNull();

        (await registry.ScalarAsync<string>("select body from outbox where message_type like '%.TenantCredentialsRotated'"))!.ShouldNotContain("formerUntil\":\"");
    }

    private RedisOptions Options => new() { ConnectionString = redis.Address, TimeoutSeconds = 3 };

    private string Key(string key) => CacheKey.Prefix(tenant.Id) + CacheKey.Parse(key);

    private async Task<object?> ExecuteAsync(string step) => await host.Step(step).ExecuteAsync(await tenant.BeginAsync(step), default);

    private async Task CompensateAsync(string step) => await host.Step(step).CompensateAsync(await tenant.BeginAsync(step), default);

    private async Task<Credential> CredentialAsync() => (await host.Get<TenantCredentials>().FindAsync(tenant.Id, CredentialPurposes.Cache, default))!;

    private Task WriteAsync(RedisTenantSession session, string key) => session.AskAsync(d => d.StringSetAsync(Key(key), "1"), default);

    private async Task VerifyAsync() => await host.Get<Saga.Workers.Verification.IVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);

    // The server's default user is open, so a refused client is signed in as that user.
    private async Task RefusedAsync(Credential credential)
    {
        await using var session = await RedisTenantSession.OpenAsync(Options, credential, default);
        (await session.AskAsync(RedisSignIn.UserAsync, default)).ShouldBe("default");
    }

    private async Task<string> LineAsync(string user) => (await LinesAsync()).Single(l => l.StartsWith($"user {user} ", StringComparison.Ordinal));

    private async Task<IReadOnlyList<string>> UsersAsync() => [.. (await LinesAsync()).Select(l => l.Split(' ')[1]).Order(StringComparer.Ordinal)];

    private async Task<IReadOnlyList<string>> LinesAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address + ",allowAdmin=true");
        return [.. ((string[])(await connection.GetDatabase().ExecuteAsync("ACL", "LIST"))!).Where(l => l.StartsWith($"user {First}", StringComparison.Ordinal))];
    }
}
