namespace Saga.Engine.Operations;

/// <summary>Whether an operation has a slot of the installation.</summary>
public enum SlotState
{
    /// <summary>Waits for a slot. It has no due time, because the admitter wakes it.</summary>
    Queued,

    /// <summary>Has a slot.</summary>
    Admitted,

    /// <summary>Has no slot: it waits for a time, a compensation or an operator, or it has ended.</summary>
    Released,

    /// <summary>
    /// Needs no slot, from now until its end: its command is urgent, such as a suspension, or it has children, which need slots of
    /// their own.
    /// </summary>
    Exempt,

    /// <summary>
    /// Waits for a scope that another operation holds. Nothing starts it before it has its scopes. Then it queues for a slot, or is exempt.
    /// </summary>
    Waiting,
}
