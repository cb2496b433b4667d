using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

public sealed class When_the_broker_confirms_nothing
{
    private readonly TestClock time = new();
    private readonly BrokerFlow flow;

    public When_the_broker_confirms_nothing() => flow = new BrokerFlow(time);

    [Fact]
    public async Task Should_be_degraded_until_it_confirms()
    {
        var confirmed = new TaskCompletionSource();
        var sending = flow.WatchAsync(() => confirmed.Task);
        flow.Blocked.ShouldBeNull();
        time.Advance(TimeSpan.FromSeconds(4));

        flow.Blocked.ShouldBe(TimeSpan.FromSeconds(4));
        var seen = await new BrokerFlowHealth(flow).CheckHealthAsync(new HealthCheckContext(), default);
        (seen.Status, seen.Description!.Contains("for 4 s", StringComparison.Ordinal)).ShouldBe((HealthStatus.Degraded, true));
        confirmed.SetResult();
        await sending;
        flow.Blocked.ShouldBeNull();
    }

    [Fact]
    public async Task Should_count_sends_that_are_given_up_one_after_the_other()
    {
        for (var times = 0; times < 3; times++)
        {
            var given = new TaskCompletionSource();
            var sending = flow.WatchAsync(() => given.Task);
            time.Advance(TimeSpan.FromSeconds(2));
            given.SetCanceled();
            await Should.ThrowAsync<OperationCanceledException>(sending);
        }

        flow.Blocked.ShouldBe(TimeSpan.FromSeconds(6));
        time.Advance(TimeSpan.FromMinutes(1));
        flow.Blocked.ShouldBeNull("nothing was sent for long, so nobody knows");
    }

    [Fact]
    public async Task Should_not_count_one_slow_send_while_others_are_confirmed()
    {
        var slow = new TaskCompletionSource();
        var sending = flow.WatchAsync(() => slow.Task);
        time.Advance(TimeSpan.FromSeconds(2));
        await flow.WatchAsync(() => Task.CompletedTask);
        time.Advance(TimeSpan.FromSeconds(2));

        flow.Blocked.ShouldBeNull();
        slow.SetResult();
        await sending;
    }
}
