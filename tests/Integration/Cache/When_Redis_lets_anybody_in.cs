using Saga.Contracts.Identifiers;
using Saga.Tenancy.Cache;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>
/// If its default user needs no password, Redis treats a connection with a refused name or password as that user, and the client
/// library does not report it.
/// </summary>
[IsolationSuite]
public sealed class When_Redis_lets_anybody_in : IAsyncLifetime
{
    private readonly TenantId tenant = WorkerHost.NewTenant();
    private RedisServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartNewAsync();
        await AddUserAsync();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Should_use_the_connection_of_the_configured_user()
    {
        await using var host = CacheHost.On(server, options: ",user=saga,password=right");

        await SetAsync(host);
    }

    [Theory]
    [InlineData(",user=saga,password=wrong")]
    [InlineData(",user=nobody,password=right")]
    public async Task Should_not_continue_as_the_default_user(string credentials)
    {
        await using var host = CacheHost.On(server, options: credentials);

        var error = await Should.ThrowAsync<CacheException>(() => SetAsync(host));

        error.Code.ShouldBe("redis-sign-in-refused");
        error.Message.ShouldContain("'default'");
        (await server.AskAsync("DBSIZE")).ShouldBe(":0\r\n");
    }

    [Fact]
    public async Task Should_notice_that_a_configured_password_is_asked_for_by_nobody()
    {
        await using var host = CacheHost.On(server, options: ",password=any");

        (await Should.ThrowAsync<CacheException>(() => SetAsync(host))).Code.ShouldBe("redis-sign-in-refused");
    }

    [Fact]
    public async Task Should_require_the_right_to_ask()
    {
        await server.AskAsync("ACL SETUSER saga -acl|whoami");
        await using var host = CacheHost.On(server, options: ",user=saga,password=right");

        var error = await Should.ThrowAsync<CacheException>(() => SetAsync(host));

        error.Message.ShouldContain("+acl|whoami");
    }

    [Fact]
    public async Task Should_continue_as_soon_as_the_user_is_right()
    {
        await server.AskAsync("ACL DELUSER saga");
        await using var host = CacheHost.On(server, options: ",user=saga,password=right");
        await Should.ThrowAsync<CacheException>(() => SetAsync(host));

        await AddUserAsync();

        await SetAsync(host);
    }

    [Fact]
    public async Task Should_notice_it_on_a_connection_created_again()
    {
        await using var host = CacheHost.On(server, options: ",user=saga,password=right");
        await SetAsync(host);
        server.Stop();

        // Redis restarts without its users, which were never saved.
        await server.StartAsync();

        var seen = "";
        await Until.TrueAsync(async () =>
        {
            seen = (await Should.ThrowAsync<CacheException>(() => SetAsync(host))).Code;
            return seen == "redis-sign-in-refused";
        });
        (await server.AskAsync("DBSIZE")).ShouldBe(":0\r\n");
    }

    private async Task AddUserAsync() => (await server.AskAsync("ACL SETUSER saga on >right ~* &* +@all")).ShouldStartWith("+OK");

    private Task SetAsync(WorkerHost host) =>
        host.Get<ICacheStore>().For(tenant).SetAsync(CacheKey.Parse("a"), "x"u8.ToArray(), TimeSpan.FromMinutes(5), CancellationToken.None);
}
