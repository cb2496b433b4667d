using System.Globalization;

namespace Saga.Registry.Schedule;

/// <summary>Whether an order is possible. Pure: the caller has locked the row.</summary>
public static class ScheduleRules
{
    public static ScheduleAnswer Check(ScheduledCommand command, ScheduleOrder order, string actor)
    {
        if (command.State != ScheduledState.Scheduled)
            return Ended(command, order, actor);
        return order switch
        {
            ScheduleOrder.Approve or ScheduleOrder.Reject when !command.NeedsApproval => new ScheduleAnswer.Refused("The command needs no approval. To prevent it, cancel it."),
            ScheduleOrder.Approve when command.RequestedBy == actor => new ScheduleAnswer.Refused("You scheduled the command, so somebody else must approve it."),
            ScheduleOrder.Approve or ScheduleOrder.Reject when command.Approval is { } approval => order == ScheduleOrder.Approve && approval.By == actor
                ? new ScheduleAnswer.Repeated()
                : new ScheduleAnswer.Refused(string.Create(CultureInfo.InvariantCulture, $"The command was approved by {approval.By} at {approval.At:u} already.")),
            ScheduleOrder.Run when command is { NeedsApproval: true, Approval: null } => new ScheduleAnswer.Refused("The command needs a second person's approval before it may run."),
            _ => new ScheduleAnswer.Done(),
        };
    }

    private static ScheduleAnswer Ended(ScheduledCommand command, ScheduleOrder order, string actor)
    {
        var wanted = order switch
        {
            ScheduleOrder.Cancel => ScheduledState.Cancelled,
            ScheduleOrder.Reject => ScheduledState.Rejected,
            _ => ScheduledState.Submitted,
        };
        // A caller who got no reply sends the order again.
        if (command.State == wanted && (order == ScheduleOrder.Run || (order == ScheduleOrder.Approve ? command.Approval?.By : command.EndedBy) == actor))
            return new ScheduleAnswer.Repeated();
        return new ScheduleAnswer.Refused(command.State switch
        {
            ScheduledState.Submitted => $"The command runs already, as operation {command.OperationId}.",
            ScheduledState.Refused => $"The command was refused: {command.Refusal?.Detail}",
            ScheduledState.Cancelled => $"The command was cancelled by {command.EndedBy}.",
            _ => $"The command was rejected by {command.EndedBy}.",
        });
    }
}
