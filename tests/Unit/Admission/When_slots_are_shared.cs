using Saga.Engine.Admission;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Admission;

public sealed class When_slots_are_shared
{
    [Fact]
    public void Should_give_classes_slots_by_their_weight()
    {
        var given = SlotShares.Choose(24, [Of(OperationPriority.Interactive, 100), Of(OperationPriority.Scheduled, 100), Of(OperationPriority.Batch, 100)]);
        given[OperationPriority.Interactive].ShouldBe(16);
        given[OperationPriority.Scheduled].ShouldBe(6);
        given[OperationPriority.Batch].ShouldBe(2);
    }

    [Fact]
    public void Should_leave_the_share_of_an_idle_class_to_the_others()
    {
        var given = SlotShares.Choose(24, [Of(OperationPriority.Interactive, 3), Of(OperationPriority.Scheduled, 0), Of(OperationPriority.Batch, 100)]);
        given[OperationPriority.Interactive].ShouldBe(3);
        given[OperationPriority.Scheduled].ShouldBe(0);
        given[OperationPriority.Batch].ShouldBe(21);
    }

    [Fact]
    public void Should_give_the_next_slot_to_the_class_that_is_furthest_below_its_weight()
    {
        SlotShares.Choose(1, [Of(OperationPriority.Interactive, 100, used: 20), Of(OperationPriority.Batch, 1, used: 0)])[OperationPriority.Batch].ShouldBe(1);
        SlotShares.Choose(1, [Of(OperationPriority.Interactive, 100, used: 6), Of(OperationPriority.Batch, 100, used: 1)])[OperationPriority.Interactive].ShouldBe(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void Should_give_nothing_when_nothing_is_free(int free) =>
        SlotShares.Choose(free, [Of(OperationPriority.Interactive, 5)])[OperationPriority.Interactive].ShouldBe(0);

    private static WaitingClass Of(OperationPriority priority, int waiting, int used = 0) => new(priority, used, waiting);
}
