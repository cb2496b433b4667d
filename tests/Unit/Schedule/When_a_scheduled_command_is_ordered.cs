using System.Text.Json;
using Saga.Registry.Schedule;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Schedule;

public sealed class When_a_scheduled_command_is_ordered
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly ScheduledCommand Plain = new()
    {
        Id = Guid.NewGuid(), Kind = "suspend", Command = JsonElement.Parse("{}"), RunAt = Noon, ExpiresAt = Noon.AddDays(1), NeedsApproval = false, RequestedBy = "ada", CreatedAt = Noon,
    };

    private static readonly ScheduledCommand Guarded = Plain with { NeedsApproval = true };

    [Fact]
    public void Should_be_cancelled_by_anybody_and_run_at_once()
    {
        Check(Plain, ScheduleOrder.Cancel, "ada").ShouldBe(new ScheduleAnswer.Done());
        Check(Plain, ScheduleOrder.Cancel, "grace").ShouldBe(new ScheduleAnswer.Done());
        Check(Plain, ScheduleOrder.Run, "ada").ShouldBe(new ScheduleAnswer.Done());
    }

    [Fact]
    public void Should_need_somebody_else_where_its_kind_asks_for_it()
    {
        Why(Guarded, ScheduleOrder.Approve, "ada").ShouldBe("You scheduled the command, so somebody else must approve it.");
        Why(Guarded, ScheduleOrder.Run, "ada").ShouldBe("The command needs a second person's approval before it may run.");
        Check(Guarded, ScheduleOrder.Approve, "grace").ShouldBe(new ScheduleAnswer.Done());
        Check(Guarded, ScheduleOrder.Reject, "grace").ShouldBe(new ScheduleAnswer.Done());
        Check(Guarded, ScheduleOrder.Reject, "ada").ShouldBe(new ScheduleAnswer.Done(), "nothing happens by that");
        Why(Plain, ScheduleOrder.Approve, "grace").ShouldStartWith("The command needs no approval.");
        Why(Plain, ScheduleOrder.Reject, "grace").ShouldStartWith("The command needs no approval.");
    }

    [Fact]
    public void Should_be_approved_once()
    {
        var approved = Guarded with { Approval = new("grace", "fine", Noon) };

        Check(approved, ScheduleOrder.Approve, "grace").ShouldBe(new ScheduleAnswer.Repeated());
        Why(approved, ScheduleOrder.Approve, "alan").ShouldBe("The command was approved by grace at 2026-03-04 12:00:00Z already.");
        Why(approved, ScheduleOrder.Reject, "grace").ShouldBe("The command was approved by grace at 2026-03-04 12:00:00Z already.");
        Check(approved, ScheduleOrder.Run, "ada").ShouldBe(new ScheduleAnswer.Done());
        Check(approved, ScheduleOrder.Cancel, "ada").ShouldBe(new ScheduleAnswer.Done());
    }

    [Theory]
    [InlineData(ScheduledState.Submitted, ScheduleOrder.Run)]
    [InlineData(ScheduledState.Cancelled, ScheduleOrder.Cancel)]
    [InlineData(ScheduledState.Rejected, ScheduleOrder.Reject)]
    [InlineData(ScheduledState.Refused, null)]
    public void Should_refuse_every_other_order_once_it_has_ended(ScheduledState state, ScheduleOrder? same)
    {
        var ended = Guarded with { State = state, EndedBy = "grace", Approval = state == ScheduledState.Submitted ? new("alan", "fine", Noon) : null };

        foreach (var order in Enum.GetValues<ScheduleOrder>())
        {
            if (order == same)
                Check(ended, order, "grace").ShouldBe(new ScheduleAnswer.Repeated());
            else
                Why(ended, order, "grace").ShouldNotBeEmpty();
        }

        if (state is ScheduledState.Cancelled or ScheduledState.Rejected)
            Why(ended, same!.Value, "ada").ShouldContain("by grace");
    }

    private static ScheduleAnswer Check(ScheduledCommand command, ScheduleOrder order, string actor) => ScheduleRules.Check(command, order, actor);

    private static string Why(ScheduledCommand command, ScheduleOrder order, string actor) => Check(command, order, actor).ShouldBeOfType<ScheduleAnswer.Refused>().Why;
}
