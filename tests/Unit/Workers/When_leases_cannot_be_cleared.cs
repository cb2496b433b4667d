using Microsoft.Extensions.Options;
using NSubstitute;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_leases_cannot_be_cleared
{
    [Fact]
    public async Task Should_not_say_that_no_leases_could_not_be_renewed()
    {
        var clock = new TestClock();
        var lines = new LogLines<LeaseManager>();
        var tries = 0;
        var session = Substitute.For<ILeaseSession>();
        session.ReleaseAsync(default!, default!, default).ReturnsForAnyArgs(_ =>
        {
            Interlocked.Increment(ref tries);
            return Task.FromException(new TimeoutException("The registry does not answer."));
        });
        var store = Substitute.For<ILeaseStore>();
        store.OpenSession(default).ReturnsForAnyArgs(session);
        var leases = new LeaseManager(store, Options.Create(new WorkersOptions()), clock, lines);
        leases.Release(new StepLease(Guid.NewGuid(), "cache.create", 1, Guid.NewGuid()), reported: true);

        await leases.StartAsync(default);
        await Until.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(0.5));
            return Task.FromResult(Volatile.Read(ref tries) >= 3);
        });
        await leases.StopAsync(default);

        lines.All.ShouldBeEmpty();
    }
}
