using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

public sealed class When_the_bus_takes_long_to_start
{
    private readonly TestClock time = new();
    private readonly LogLines<BusStartWatch> log = new();

    [Fact]
    public async Task Should_say_so_until_it_has_started()
    {
        using var watch = new BusStartWatch(time, log);
        await watch.StartAsync(TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(30));
        await new BusStartWatch.End(watch).StartAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromMinutes(5));

        log.All.ShouldBe(
            ["The bus has not started after 30 s. The program is not ready until it has.", "The bus has not started after 60 s. The program is not ready until it has."]);
    }
}
