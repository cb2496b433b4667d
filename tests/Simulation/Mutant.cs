namespace Saga.Tests.Simulation;

/// <summary>Bugs that are planted into the simulation, to prove that it would notice them.</summary>
public enum Mutant
{
    None,

    /// <summary>A worker acts although its dispatch is no longer the newest.</summary>
    StaleDispatchIsTaken,

    /// <summary>A worker acts on a dispatch that another delivery has taken.</summary>
    DuplicateIsTaken,

    /// <summary>A worker acts without looking at its lease.</summary>
    LeaseIsNotChecked,

    /// <summary>A worker reports success before it acts.</summary>
    ReportsBeforeActing,

    /// <summary>A compensation does nothing.</summary>
    CompensationDoesNothing,

    /// <summary>Messages are sent before the transaction that writes them.</summary>
    SendsBeforeCommit,

    /// <summary>A message leaves the outbox before the broker has it.</summary>
    OutboxForgets,

    /// <summary>A message is acknowledged before its transition is committed.</summary>
    AcknowledgesBeforeCommit,

    /// <summary>The scopes of an ended operation are not freed.</summary>
    ScopesAreKept,

    /// <summary>Scopes are given to an operation although another one holds them.</summary>
    ScopesAreIgnored,

    /// <summary>A slot is not given back.</summary>
    SlotIsKept,

    /// <summary>The admitter admits as many as wait.</summary>
    SlotsAreIgnored,

    /// <summary>A due time is not written.</summary>
    DueTimeIsForgotten,

    /// <summary>The sweeper forgets an operation that it has woken.</summary>
    SweeperForgets,

    /// <summary>Who cancelled the operation is not written.</summary>
    CancellationIsForgotten,

    /// <summary>The decision does not know that an attempt may still take effect.</summary>
    UncertaintyIsForgotten,

    /// <summary>The order of the steps is ignored.</summary>
    OrderIsIgnored,

    /// <summary>The pivot counts as a step that can be undone.</summary>
    PivotIsIgnored,

    /// <summary>The fencing token is not raised.</summary>
    FenceIsKept,

    /// <summary>A retry of a command has another key.</summary>
    KeyIsNotKept,

    /// <summary>A history line is lost.</summary>
    HistoryIsLost,

    /// <summary>An item that is ordered once more has another key.</summary>
    ItemHasAnotherKey,

    /// <summary>A batch goes on to its next wave although items of the last one are open.</summary>
    WaveIgnoresOpenItems,

    /// <summary>Items are begun that were found before the batch was paused or aborted.</summary>
    HaltIsIgnored,

    /// <summary>A batch does not know that items failed.</summary>
    FailedItemsAreIgnored,

    /// <summary>The operation that stands for a batch is not told that the batch has ended.</summary>
    BatchEndIsNotTold,
}
