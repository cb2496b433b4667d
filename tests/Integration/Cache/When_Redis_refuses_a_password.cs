using Saga.Tenancy.Cache;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>A Redis that requires a password refuses a wrong one by itself.</summary>
public sealed class When_Redis_refuses_a_password
{
    [Theory]
    [InlineData(",password=wrong")]
    [InlineData("")]
    public async Task Should_say_so_and_wait_for_the_operator(string credentials)
    {
        await using var server = await RedisServer.StartNewAsync(aclFile: false);
        await server.AskAsync("CONFIG SET requirepass right");
        await using var host = CacheHost.On(server, options: credentials);

        var error = await Should.ThrowAsync<CacheException>(() =>
            host.Get<ICacheStore>().For(WorkerHost.NewTenant()).GetAsync(CacheKey.Parse("a"), CancellationToken.None));

        error.ShouldSatisfyAllConditions(() => error.Code.ShouldBe("redis-sign-in-refused"), () => error.IsTransient.ShouldBeTrue());
    }
}
