using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Audit;
using Saga.Registry.Intake;

namespace Saga.Registry.Operations;

/// <summary>What became of a note.</summary>
public enum NoteResult
{
    Written,

    /// <summary>The same caller wrote the same note with the same idempotency key before.</summary>
    Repeated,

    /// <summary>The same caller used the idempotency key for another note on the operation.</summary>
    KeyReused,

    /// <summary>The operation has <see cref="NoteStore.Most"/> notes.</summary>
    Full,
}

/// <summary>
/// Writes notes on operations, in any state: the history line and the audit line in one transaction, which locks the operation's row first,
/// like a transition. Thread-safe.
/// </summary>
public sealed class NoteStore(NpgsqlDataSource registry)
{
    /// <summary>The most notes on one operation, all of which are read with it.</summary>
    public const int Most = 1_000;

    /// <param name="operation">The operation.</param>
    /// <param name="actor">Who writes, as in the audit log.</param>
    /// <param name="text">The checked text.</param>
    /// <param name="key">The idempotency key; null when there is none.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <returns>Null when there is no such operation.</returns>
    public async Task<NoteResult?> WriteAsync(Guid operation, string actor, string text, string? key, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await LockAsync(transaction, operation, cancellationToken))
            return null;
        // In a statement of its own after the lock, because a statement that waits for the lock sees the data from before it waited.
        if (key is not null && await FindAsync(transaction, operation, actor, key, cancellationToken) is { } former)
            return former == text ? NoteResult.Repeated : NoteResult.KeyReused;
        if (await CountAsync(transaction, operation, cancellationToken) >= Most)
            return NoteResult.Full;
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            batch.BatchCommands.Add(CommandLedger.Statement(
                "insert into operation_history (operation_id, at, event, data) values ($1, clock_timestamp(), $2, $3::jsonb)",
                operation, HistoryEvents.Noted, JsonSerializer.Serialize(new { by = actor, text, key }, Json.Options)));
            batch.BatchCommands.Add(CommandLedger.Statement(
                "insert into audit (actor, action, tenant_id, operation_id, detail, origin) select $2, $3, tenant_id, id, $4::jsonb, $5 from operations where id = $1",
                operation, actor, AuditActions.OperationNote, JsonSerializer.Serialize(new { text }, Json.Options), AuditOrigin.Current));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        // Not cancelled with the caller, because then it would be unknown whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
        return NoteResult.Written;
    }

    private static async Task<bool> LockAsync(NpgsqlTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand("select true from operations where id = $1 for no key update", transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = operation } },
        };
        return await find.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task<long> CountAsync(NpgsqlTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        await using var count = new NpgsqlCommand(
            $"select count(*) from operation_history where operation_id = $1 and event = '{HistoryEvents.Noted}'", transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = operation } },
        };
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<string?> FindAsync(NpgsqlTransaction transaction, Guid operation, string actor, string key, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            $"select data ->> 'text' from operation_history where operation_id = $1 and event = '{HistoryEvents.Noted}' and data ->> 'by' = $2 and data ->> 'key' = $3",
            transaction.Connection, transaction)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = operation }, new NpgsqlParameter<string> { TypedValue = actor }, new NpgsqlParameter<string> { TypedValue = key },
            },
        };
        return (string?)await find.ExecuteScalarAsync(cancellationToken);
    }
}
