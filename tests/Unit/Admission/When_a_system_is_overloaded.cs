using Saga.Engine.Admission;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Admission;

public sealed class When_a_system_is_overloaded
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SlotLimit Untouched = new(24, DateTimeOffset.MinValue);

    [Fact]
    public void Should_halve_the_slots_once_until_the_cut_has_shown_its_effect()
    {
        var cut = Untouched.Overloaded(24, Start);
        cut.Now(24, Start).ShouldBe(12);
        cut.Overloaded(24, Start + (SlotLimit.Settle / 2)).ShouldBe(cut);
        cut.Overloaded(24, Start + SlotLimit.Settle).Now(24, Start + SlotLimit.Settle).ShouldBe(6);
    }

    [Fact]
    public void Should_never_leave_fewer_than_the_least()
    {
        var limit = Untouched;
        var now = Start;
        for (var i = 0; i < 20; i++, now += SlotLimit.Settle)
            limit = limit.Overloaded(24, now);
        limit.Now(24, now - SlotLimit.Settle).ShouldBe(SlotLimit.Least);
        new SlotLimit(1, DateTimeOffset.MinValue).Overloaded(1, Start).Now(1, Start).ShouldBe(1);
    }

    [Fact]
    public void Should_grow_back_one_by_one_and_stop_at_what_is_configured()
    {
        var cut = Untouched.Overloaded(24, Start);
        cut.Now(24, Start + (SlotLimit.Recovery * 3)).ShouldBe(15);
        cut.Now(24, Start + TimeSpan.FromDays(400)).ShouldBe(24);
        cut.Now(8, Start).ShouldBe(8);
    }
}
