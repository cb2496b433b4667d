namespace Saga.Engine.Operations;

/// <summary>How an operation stands with the slots of the installation.</summary>
public enum SlotState
{
    /// <summary>Waits for a slot. It has no due time: whoever gives slots away wakes it.</summary>
    Queued,

    /// <summary>Holds a slot, or needs none.</summary>
    Admitted,

    /// <summary>Holds none: it waits for a time, for a compensation, for an operator, or it has ended.</summary>
    Released,
}
