using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;

namespace Saga.Registry.Scopes;

/// <summary>The SQL of waiting for scopes.</summary>
public sealed class SqlScopeWaitStore(NpgsqlDataSource registry, RegistryNotifier notifier, RegistryClock clock) : IScopeWaitStore
{
    // Whoever has it grants alone. It ends with the transaction.
    private const string GrantAlone = "select pg_try_advisory_xact_lock(7236180432)";

    // First come, first served for each scope: an operation also lets those pass that have waited longer for one of its scopes, although
    // they lack another one. Skips locked rows, because somebody is ending or refusing
    // their operations.
    private const string Free =
        """
        select w.operation_id, w.scopes, w.needs_slot
        from operation_scope_waits w join operations o on o.id = w.operation_id
        where o.slot = 'waiting' and not w.refusing and (w.expires_at is null or w.expires_at > now() + $2)
            and not exists (select from operation_scopes s where s.scope = any(w.scopes))
            and not exists (select from operation_scope_waits e where e.position < w.position and e.scopes && w.scopes and not e.refusing)
        order by w.position limit $1 for no key update of o, w skip locked
        """;

    public async Task<GrantedScopes> GrantAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        // Nearly always nobody waits.
        await using (var look = new NpgsqlCommand("select exists (select from operation_scope_waits)", connection))
        {
            if (await look.ExecuteScalarAsync(cancellationToken) is not true)
                return GrantedScopes.None;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var alone = new NpgsqlCommand(GrantAlone, connection, transaction))
        {
            if (await alone.ExecuteScalarAsync(cancellationToken) is not true)
                return GrantedScopes.None with { LookAgain = true };
        }

        var free = await FindAsync(transaction, limit, cancellationToken);
        if (free.Count == 0)
            return GrantedScopes.None;
        // In the order in which acceptances take scopes, so that they do not wait for each other.
        await using (var take = new NpgsqlCommand(
            "insert into operation_scopes (scope, operation_id) select v.scope, v.operation from unnest($1, $2) as v(scope, operation) order by v.scope on conflict do nothing",
            connection, transaction))
        {
            var scopes = free.SelectMany(f => f.Scopes.Select(scope => (f.Operation, Scope: scope))).ToList();
            take.Parameters.Add(Parameter.Array(scopes, s => s.Scope, NpgsqlDbType.Text));
            take.Parameters.Add(Parameter.Array(scopes, s => s.Operation, NpgsqlDbType.Uuid));
            // A command has taken one of them since. Nothing is kept, because an operation takes all of its scopes or none.
            if (await take.ExecuteNonQueryAsync(cancellationToken) < scopes.Count)
                return GrantedScopes.None with { LookAgain = true };
        }

        await StartAsync(transaction, free, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new([.. free.Select(f => f.Operation)], free.Count(f => f.NeedsSlot), LookAgain: free.Count == limit);
    }

    public async Task<int> RefuseExpiredAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var expired = await MarkExpiredAsync(transaction, limit, cancellationToken);
        if (expired.Count == 0)
            return 0;
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            foreach (var (operation, kind, caller, tenant, scopes, again, now) in expired)
            {
                var words = ExpiredWaits.Words(scopes);
                batch.BatchCommands.Add(OutboxWriter.SendCommand(Endpoints.Orders, ExpiredWaits.Ending(operation, words)));
                if (again)
                    continue;
                batch.BatchCommands.Add(CommandLedger.Statement(
                    "insert into audit (at, actor, action, tenant_id, operation_id, detail, origin) values ($1, $2, $3, $4, $5, $6::jsonb, $7)",
                    now, ExpiredWaits.Actor, AuditActions.CommandRefuse, new NpgsqlParameter { Value = (object?)tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }, operation,
                    JsonSerializer.Serialize(new { Kind = kind, ExpiredWaits.Code, Caller = caller }, Json.Options), AuditOrigin.Current));
                batch.BatchCommands.Add(OutboxWriter.PublishCommand(ExpiredWaits.Refusal(operation, kind, caller, words, now)));
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return expired.Count;
    }

    private async Task<List<(Guid Operation, string[] Scopes, bool NeedsSlot)>> FindAsync(NpgsqlTransaction transaction, int limit, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(Free, transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter { Value = limit }, new NpgsqlParameter { Value = clock.Offset } },
        };
        var free = new List<(Guid, string[], bool)>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            free.Add((row.GetGuid(0), row.GetFieldValue<string[]>(1), row.GetBoolean(2)));
        return free;
    }

    private async Task StartAsync(NpgsqlTransaction transaction, List<(Guid Operation, string[] Scopes, bool NeedsSlot)> free, CancellationToken cancellationToken)
    {
        var operations = Parameter.Array(free, f => f.Operation, NpgsqlDbType.Uuid);
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("delete from operation_scope_waits where operation_id = any($1)") { Parameters = { operations } },
                CommandLedger.Statement(
                    """
                    update operations o set slot = case when v.needs_slot then 'queued' else 'exempt' end, next_due_at = case when not v.needs_slot then now() + $3 end
                    from unnest($1, $2) as v(operation, needs_slot) where o.id = v.operation
                    """,
                    Parameter.Array(free, f => f.Operation, NpgsqlDbType.Uuid), Parameter.Array(free, f => f.NeedsSlot, NpgsqlDbType.Boolean), clock.Offset),
                CommandLedger.Statement(
                    "insert into operation_history (operation_id, at, event) select id, clock_timestamp() + $3, $2 from unnest($1) as v(id)",
                    Parameter.Array(free, f => f.Operation, NpgsqlDbType.Uuid), HistoryEvents.ScopeGranted, clock.Offset),
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<List<(Guid Operation, string Kind, string Caller, Guid? Tenant, string[] Scopes, bool Again, DateTimeOffset Now)>> MarkExpiredAsync(
        NpgsqlTransaction transaction, int limit, CancellationToken cancellationToken)
    {
        await using var mark = new NpgsqlCommand(
            """
            with expired as (
                select operation_id, refusing from operation_scope_waits where expires_at <= now() + $2
                order by expires_at limit $1 for update skip locked)
            update operation_scope_waits w set refusing = true, expires_at = now() + $2 + $3
            from expired e join operations o on o.id = e.operation_id
            where w.operation_id = e.operation_id
            returning w.operation_id, o.kind, o.requested_by, o.tenant_id, w.scopes, e.refusing, now() + $2
            """,
            transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter { Value = limit }, new NpgsqlParameter { Value = clock.Offset }, new NpgsqlParameter { Value = ExpiredWaits.OrderAgain } },
        };
        var expired = new List<(Guid, string, string, Guid?, string[], bool, DateTimeOffset)>();
        await using var row = await mark.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            expired.Add((row.GetGuid(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetGuid(3), row.GetFieldValue<string[]>(4), row.GetBoolean(5), row.GetFieldValue<DateTimeOffset>(6)));
        return expired;
    }
}
