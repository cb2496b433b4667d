using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Intake;
using Saga.Registry.Operations;

namespace Saga.Registry.Scopes;

/// <summary>The SQL with which an accepted operation begins to wait.</summary>
internal static class ScopeWaitRows
{
    /// <summary>Returns the scopes that it took before it met one that is taken, and lets it wait for all of them.</summary>
    public static async Task BeginAsync(NpgsqlTransaction transaction, Acceptance acceptance, ScopeWait wait, ScopeHolder holder, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                CommandLedger.Statement("delete from operation_scopes where operation_id = $1", acceptance.OperationId),
                CommandLedger.Statement(
                    "insert into operation_scope_waits (operation_id, scopes, needs_slot, since, expires_at) values ($1, $2, $3, $4, $5)",
                    acceptance.OperationId, acceptance.Scopes.ToArray(), acceptance.NeedsSlot, acceptance.At,
                    new NpgsqlParameter { Value = (object?)wait.ExpiresAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz }),
                // It has no due time, so no sweeper looks at it.
                CommandLedger.Statement("update operations set slot = 'waiting', next_due_at = null where id = $1", acceptance.OperationId),
                CommandLedger.Statement(
                    "insert into operation_history (operation_id, at, event, data) values ($1, $2, $3, $4::jsonb)",
                    acceptance.OperationId, acceptance.At, HistoryEvents.ScopeAwaited,
                    JsonSerializer.Serialize(new { holder.Scope, Operation = holder.OperationId, holder.Kind, wait.ExpiresAt }, Json.Options)),
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
