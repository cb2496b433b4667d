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

    public When_secrets_are_guessed() => throttle = new(Options.Create(new EmbeddedIssuerOptions { FailuresPerMinute = 3 }), time);

    [Fact]
    public void Should_compare_one_secret_a_second_above_the_limit()
    {
        Guess("admin", 3).ShouldBe(3);

        var compared = 0;
        for (var i = 0; i < 1000; i++)
        {
            compared += Guess("admin", 1);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        compared.ShouldBe(10);
    }

    [Fact]
    public void Should_limit_all_clients_together_and_still_compare_each()
    {
        for (var i = 0; i < 15; i++)
            Guess($"client {i}", 1).ShouldBe(1);

        throttle.Wait("quiet").ShouldBeNull("the right secret may be among them");
        throttle.Wait("quiet").ShouldNotBeNull();
        throttle.Wait("other").ShouldBeNull();
    }

    [Fact]
    public void Should_forget_after_a_minute()
    {
        Guess("admin", 5);
        time.Advance(TimeSpan.FromSeconds(61));

        Guess("admin", 3).ShouldBe(3);
    }

    private int Guess(string client, int times)
    {
        var compared = 0;
        for (var i = 0; i < times; i++)
        {
            if (throttle.Wait(client) is not null)
                continue;
            throttle.Failed(client);
            compared++;
        }

        return compared;
    }
}
