using Dapper;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Saga.Workers.Verification;
using Saga.Workers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Verification;

/// <summary>The verify step on a tenant that the real workers created.</summary>
[IsolationSuite]
public abstract class When_a_tenant_is_verified : IAsyncLifetime
{
    protected NpgsqlDataSource Registry { get; private set; } = null!;

    protected WorkerHost Host { get; private set; } = null!;

    protected SeededTenant Tenant { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Registry = await PostgresServer.NewRegistryAsync();
        Host = new WorkerHost(
            Registry,
            (s, c) => s.AddResource<StorageModule>(c).AddResource<CacheModule>(c).AddResource<ConfigurationModule>(c).AddResource<VerificationModule>(c)
                .AddVerificationsOf<StorageModule>(c).AddVerificationsOf<CacheModule>(c).AddVerificationsOf<ConfigurationModule>(c),
            await SettingsAsync());
        Tenant = await Seed.TenantAsync(Registry, "acme");
        foreach (var step in new[] { StepNames.Storage, StepNames.Cache, StepNames.Configuration })
            await Host.Step(step).ExecuteAsync(await Tenant.BeginAsync(step), CancellationToken.None);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Registry.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_pass_twice_and_leave_nothing_behind()
    {
        await VerifyAsync();
        await VerifyAsync();

        var keys = new List<string>();
        await foreach (var entry in Host.Get<Tenancy.Objects.IObjectStore>().For(Tenant.Id).ListAsync(null, CancellationToken.None))
            keys.Add(entry.Key);
        keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_name_the_setting_that_is_missing()
    {
        await SqlAsync("delete from tenant_settings where key in ('api.rate_limit', 'feature:biometric_auth')");

        var failure = await FailAsync();

        failure.ShouldSatisfyAllConditions(
            () => failure.Code.ShouldBe("verify-configuration"), () => failure.Transient.ShouldBeFalse(),
            () => failure.Message.ShouldContain("api.rate_limit"), () => failure.Message.ShouldContain("feature:biometric_auth"));
    }

    [Fact]
    public async Task Should_find_a_sealed_setting_that_does_not_open()
    {
        await SqlAsync("update tenant_settings set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1) where sealed is not null");

        (await FailAsync()).Code.ShouldBe("verify-configuration");
    }

    [Fact]
    public async Task Should_find_that_the_place_for_objects_is_gone()
    {
        await RemoveStorageAsync();

        var failure = await FailAsync();

        failure.Code.ShouldBe("verify-objects");
        failure.Transient.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_probe_nothing_without_the_lease()
    {
        var stale = await Tenant.BeginAsync(StepNames.Verify);
        await Tenant.BeginAsync(StepNames.Verify);

        await Should.ThrowAsync<LeaseLostException>(() => Host.Step(StepNames.Verify).ExecuteAsync(stale, CancellationToken.None));
    }

    protected async Task<object?> VerifyAsync() =>
        await Host.Step(StepNames.Verify).ExecuteAsync(await Tenant.BeginAsync(StepNames.Verify), CancellationToken.None);

    protected async Task<Failure> FailAsync() => (await Should.ThrowAsync<StepFailureException>(VerifyAsync)).Failure;

    protected async Task SqlAsync(string sql)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        (await connection.ExecuteAsync(sql)).ShouldBeGreaterThan(0);
    }

    protected abstract Task<(string, string?)[]> SettingsAsync();

    protected abstract Task RemoveStorageAsync();
}

public sealed class When_a_tenant_is_verified_in_embedded_mode : When_a_tenant_is_verified
{
    private readonly string folder = Directory.CreateTempSubdirectory("saga-verify-").FullName;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    protected override Task<(string, string?)[]> SettingsAsync() => Task.FromResult<(string, string?)[]>(
        [("Saga:Storage:Adapter", "folder"), ("Saga:Storage:Folder:Path", folder), ("Saga:Cache:Adapter", "inprocess")]);

    protected override Task RemoveStorageAsync() => Host.Get<IStorageProvisioner>().RemoveAsync(Tenant.Id, CancellationToken.None);
}

public sealed class When_a_tenant_is_verified_on_real_servers : When_a_tenant_is_verified
{
    private RedisServer redis = null!;

    private string User => $"t_{Tenant.Id.Compact}";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Should_find_a_user_that_reaches_too_far()
    {
        await redis.AskAsync($"ACL SETUSER {User} allkeys");

        (await FailAsync()).ShouldSatisfyAllConditions(f => f.Code.ShouldBe("verify-cache"), f => f.Transient.ShouldBeFalse());
    }

    [Theory]
    [InlineData("%R~*")]
    [InlineData("%W~*")]
    [InlineData("+keys")]
    [InlineData("+client|tracking")]
    [InlineData("allchannels")]
    [InlineData("+@admin")]
    public async Task Should_find_a_right_that_does_not_belong(string rule)
    {
        await redis.AskAsync($"ACL SETUSER {User} {rule}");

        (await FailAsync()).ShouldSatisfyAllConditions(f => f.Code.ShouldBe("verify-cache"), f => f.Transient.ShouldBeFalse());
    }

    [Fact]
    public async Task Should_find_a_password_that_is_not_the_stored_one()
    {
        await redis.AskAsync($"ACL SETUSER {User} resetpass >other");

        var failure = await FailAsync();

        failure.Code.ShouldBe("verify-cache");
        failure.Message.ShouldContain(User);
    }

    [Fact]
    public async Task Should_find_that_a_refused_password_lets_in_as_the_open_default_user()
    {
        await redis.AskAsync($"ACL SETUSER {User} resetpass >other");

        // The client connects anyway and everything works, as the user that needs no password.
        (await FailAsync()).Message.ShouldContain("accepts anybody as 'default'");
    }

    [Fact]
    public async Task Should_find_a_refused_password_where_the_default_user_is_closed()
    {
        await redis.AskAsync($"ACL SETUSER {User} resetpass >other");
        await redis.AskAsync("ACL SETUSER default resetpass >secret");
        // Open connections stay signed in, so only the tenant's own connection is refused.

        (await FailAsync()).ShouldSatisfyAllConditions(
            f => f.Code.ShouldBe("verify-cache"), f => f.Transient.ShouldBeFalse(), f => f.Message.ShouldContain($"refused the tenant's user '{User}'"));
    }

    [Fact]
    public async Task Should_pass_for_a_user_without_the_right_to_whoami()
    {
        await redis.AskAsync($"ACL SETUSER {User} -acl|whoami");

        await VerifyAsync();
    }

    [Fact]
    public async Task Should_find_that_the_user_is_gone()
    {
        await redis.AskAsync($"ACL DELUSER {User}");

        (await FailAsync()).Code.ShouldBe("verify-cache");
    }

    [Fact]
    public async Task Should_be_transient_and_name_the_server_while_it_is_away()
    {
        redis.Stop();

        (await FailAsync()).ShouldSatisfyAllConditions(
            f => f.Code.ShouldBe("verify-cache"), f => f.Transient.ShouldBeTrue(), f => f.System.ShouldBe("redis"));
    }

    [Fact]
    public async Task Should_name_all_that_failed_and_let_the_permanent_one_decide()
    {
        redis.Stop();
        await SqlAsync("delete from tenant_settings");

        (await FailAsync()).ShouldSatisfyAllConditions(
            f => f.Code.ShouldBe("verify-configuration"), f => f.Transient.ShouldBeFalse(),
            f => f.Message.ShouldContain("cache (redis-unavailable)"), f => f.Message.ShouldContain("configuration (configuration-incomplete)"));
    }

    protected override async Task<(string, string?)[]> SettingsAsync()
    {
        redis = await RedisServer.StartNewAsync();
        var s3 = await S3Server.SharedAsync();
        return
        [
            ("Saga:Storage:Adapter", "s3"), ("Saga:Storage:S3:ServiceUrl", s3.Url), ("Saga:Storage:S3:Bucket", S3Server.NewBucket()),
            ("Saga:Storage:S3:AccessKey", s3.AccessKey), ("Saga:Storage:S3:SecretKey", s3.SecretKey), ("Saga:Storage:S3:Layout", "bucket"),
            ("Saga:Cache:Adapter", "redis"), ("Saga:Cache:Redis:ConnectionString", redis.Address), ("Saga:Cache:Redis:TimeoutSeconds", "3"),
        ];
    }

    protected override Task RemoveStorageAsync() => Host.Get<IStorageProvisioner>().RemoveAsync(Tenant.Id, CancellationToken.None);
}
