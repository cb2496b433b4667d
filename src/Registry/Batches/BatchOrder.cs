using Npgsql;
using Saga.Engine.Operations;
using Saga.Registry.Intake;

namespace Saga.Registry.Batches;

/// <summary>What a person orders a batch to do.</summary>
public enum BatchOrder
{
    /// <summary>No further item begins. Those that have begun go on.</summary>
    Pause,

    /// <summary>Goes on with another wave of the same size, so that earlier failures do not pause it again. Rehearsals that failed begin again.</summary>
    Resume,

    /// <summary>Items that have not begun are skipped.</summary>
    Abort,
}

/// <summary>What orders mean.</summary>
internal static class BatchOrders
{
    /// <summary>The state in which the order leaves a batch.</summary>
    public static BatchState Target(this BatchOrder order) => order switch
    {
        BatchOrder.Pause => BatchState.Paused,
        BatchOrder.Resume => BatchState.Running,
        _ => BatchState.Aborted,
    };

    /// <returns>Why the state does not allow the order, as whole sentences; null when it does.</returns>
    public static string? Refusal(this BatchOrder order, BatchState state) => (order, state) switch
    {
        (BatchOrder.Pause, BatchState.Running) or (BatchOrder.Resume, BatchState.Paused) => null,
        (BatchOrder.Abort, BatchState.Prepared or BatchState.Running or BatchState.Paused) => null,
        (BatchOrder.Pause, _) => $"The batch is {BatchStore.Name(state)}. Only one that is running can be paused.",
        (BatchOrder.Resume, _) => $"The batch is {BatchStore.Name(state)}. Only one that is paused can be resumed.",
        _ => $"The batch is {BatchStore.Name(state)}, so it has ended.",
    };

    /// <summary>The event of the operation that stands for the batch.</summary>
    public static string Event(this BatchOrder order) => order switch
    {
        BatchOrder.Pause => HistoryEvents.BatchPaused,
        BatchOrder.Resume => HistoryEvents.BatchResumed,
        _ => HistoryEvents.BatchAborted,
    };

    public static IEnumerable<NpgsqlBatchCommand> Statements(this BatchOrder order, Guid batch, string actor, string reason, TimeSpan offset) => order switch
    {
        BatchOrder.Pause => [CommandLedger.Statement("update batches set state = 'paused', pause_reason = $2, pause_code = null where id = $1", batch, $"{actor}: {reason}")],
        BatchOrder.Resume => BatchRuns.ResumeCommands(batch),
        _ => BatchRuns.AbortCommands(batch, actor, reason, offset),
    };
}
