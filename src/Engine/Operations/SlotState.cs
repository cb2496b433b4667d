namespace Saga.Engine.Operations;

/// <summary>Whether an operation has a slot of the installation.</summary>
public enum SlotState
{
    /// <summary>Waits for a slot. It has no due time, because the admitter wakes it.</summary>
    Queued,

    /// <summary>Has a slot, or needs none.</summary>
    Admitted,

    /// <summary>Has no slot: it waits for a time, a compensation or an operator, or it has ended.</summary>
    Released,
}
