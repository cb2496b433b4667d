using Microsoft.Extensions.Time.Testing;
using Saga.Registry.Leases;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Runtime.Progress;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

/// <summary>When a process wakes, work may resume before timers run, so the lease check must fail without a timer.</summary>
public sealed class When_a_process_was_frozen
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(12);
    private readonly Clock time = new();

    [Fact]
    public void Should_not_rely_on_a_lease_whose_timer_did_not_run_yet()
    {
        var held = Held();
        held.Stands.ShouldBeTrue();

        time.Sleep(Span);

        held.Lost.IsCancellationRequested.ShouldBeFalse("its timer is late");
        held.Stands.ShouldBeFalse();
    }

    [Fact]
    public void Should_rely_on_a_lease_that_was_renewed()
    {
        var held = Held();
        time.Sleep(Span / 2);
        held.Renewed(Span, reporting: false);

        time.Sleep(Span * 0.9);

        held.Stands.ShouldBeTrue();
        time.Sleep(Span * 0.1);
        held.Stands.ShouldBeFalse();
    }

    [Fact]
    public void Should_not_rely_on_a_lease_that_is_anothers()
    {
        var held = Held();

        held.Lose();

        held.Stands.ShouldBeFalse();
    }

    private HeldLease Held() => new(new StepLease(Guid.NewGuid(), "one", 1, Guid.NewGuid()), Span, TimeSpan.FromMinutes(1), new ProgressSlot(null, null, time), null!, time);

    /// <summary>A clock whose timestamps advance while its timers do not fire.</summary>
    private sealed class Clock : FakeTimeProvider
    {
        private TimeSpan slept;

        public void Sleep(TimeSpan span) => slept += span;

        public override long GetTimestamp() => base.GetTimestamp() + (slept.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond);
    }
}
