using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Host.Embedded.Identity;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_secrets_are_guessed
{
    private readonly TestClock time = new();
    private readonly SecretThrottle throttle;

    public When_secrets_are_guessed() =>
        throttle = new(Options.Create(new EmbeddedIssuerOptions { FailuresPerMinute = 3 }), time, NullLogger<SecretThrottle>.Instance);

    [Fact]
    public void Should_refuse_wrong_secrets_of_a_client_above_the_limit_until_the_minute_is_over()
    {
        Fail("admin", 3).ShouldAllBe(wait => wait == null);

        time.Advance(TimeSpan.FromSeconds(20));
        Fail("admin", 5).ShouldAllBe(wait => wait == TimeSpan.FromSeconds(40));
        Fail("other", 3).ShouldAllBe(wait => wait == null);

        time.Advance(TimeSpan.FromSeconds(40));
        Fail("admin", 3).ShouldAllBe(wait => wait == null);
    }

    [Fact]
    public void Should_limit_all_clients_together()
    {
        for (var i = 0; i < 15; i++)
            Fail($"client {i}", 1).ShouldHaveSingleItem().ShouldBeNull();

        Fail("quiet", 1).ShouldHaveSingleItem().ShouldBe(TimeSpan.FromMinutes(1));
    }

    private List<TimeSpan?> Fail(string client, int times) => [.. Enumerable.Range(0, times).Select(_ => throttle.Failed(client))];
}
