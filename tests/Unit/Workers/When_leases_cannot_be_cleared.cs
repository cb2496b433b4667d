using Microsoft.Extensions.Logging;
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
        var lines = new Lines();
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

        lines.Count.ShouldBe(0);
    }

    private sealed class Lines : ILogger<LeaseManager>
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Interlocked.Increment(ref count);
    }
}
