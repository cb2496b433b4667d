using Npgsql;
using Saga.Engine.Drift;
using Saga.Engine.Workflows;
using Saga.Registry.Intake;

namespace Saga.Registry.Replays;

/// <summary>For the transactions that accept replays: what became of each is looked at later.</summary>
internal static class ReplayCheckRows
{
    /// <summary>An order to an operation. Its history line must have been written before, in the same transaction. It replaces that of an earlier order.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="workflow">Its workflow.</param>
    /// <param name="expectsUndone">Whether the operation ends undone if the replay succeeds.</param>
    /// <param name="actor">Who ordered it, as in the audit log.</param>
    public static NpgsqlBatchCommand OrderCommand(Guid operation, WorkflowDefinition workflow, bool expectsUndone, string actor) => CommandLedger.Statement(
        """
        insert into replay_checks (operation_id, requested_at, requested_by, ordered_at, expects, resources)
        select h.operation_id, h.at, $2, h.id, $3, $4 from operation_history h where h.operation_id = $1 order by h.id desc limit 1
        on conflict (operation_id) do update set requested_at = excluded.requested_at, requested_by = excluded.requested_by, ordered_at = excluded.ordered_at,
            expects = excluded.expects, resources = excluded.resources, scan = null, outcome = null, reason = null, judged_at = null, looks = 0
        """,
        operation, actor, expectsUndone ? "undone" : "completed", ResourcesOf(workflow));

    /// <summary>An operation that runs the command of another one again.</summary>
    public static NpgsqlBatchCommand OperationCommand(Guid operation, WorkflowDefinition workflow, string actor, DateTimeOffset at) => CommandLedger.Statement(
        "insert into replay_checks (operation_id, requested_at, requested_by, expects, resources) values ($1, $2, $3, 'completed', $4)",
        operation, at, actor, ResourcesOf(workflow));

    private static string[] ResourcesOf(WorkflowDefinition workflow) =>
        [.. workflow.Steps.Select(s => s.Worker).Distinct(StringComparer.Ordinal).SelectMany(DriftResources.OfWorker).Order(StringComparer.Ordinal)];
}
