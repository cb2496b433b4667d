using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Schedule;

namespace Saga.Registry.Backups;

/// <summary>The databases that restores have made. Steps' writes may be repeated. Thread-safe.</summary>
public sealed class RestoredStore(NpgsqlDataSource registry)
{
    /// <summary>The kind of the operations that remove one.</summary>
    public const string RemovalKind = "remove-restored";

    private const string Select =
        "select operation_id as OperationId, backup_id as BackupId, server as Server, database as Database, remove_at as RemoveAt from restored_databases";

    /// <summary>The database that the operation has made for the tenant; null when there is none any more.</summary>
    public async Task<RestoredDatabase?> FindAsync(TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<RestoredDatabase>(new CommandDefinition(
            $"{Select} where tenant_id = @Value and operation_id = @operation", new { tenant.Value, operation }, cancellationToken: cancellationToken));
    }

    /// <summary>The databases that restores have made for the tenant and that may still exist.</summary>
    public async Task<IReadOnlyList<RestoredDatabase>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<RestoredDatabase>(new CommandDefinition(
            $"{Select} where tenant_id = @Value order by operation_id", new { tenant.Value }, cancellationToken: cancellationToken))];
    }

    /// <summary>Records the database before it is created.</summary>
    public static Task AddAsync(
        LeasedTransaction transaction, TenantId tenant, Guid operation, Guid backup, string server, string database, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            insert into restored_databases (operation_id, tenant_id, backup_id, server, database) values (@operation, @Tenant, @backup, @server, @database)
            on conflict (operation_id) do nothing
            """,
            new { operation, Tenant = tenant.Value, backup, server, database }, cancellationToken);

    /// <summary>Forgets it after it was dropped.</summary>
    public static Task RemoveAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from restored_databases where operation_id = @operation", new { operation }, cancellationToken);

    /// <summary>Cancels the scheduled removal of a database that is gone. The command that removes it has run by then, and stays as it is.</summary>
    public static NpgsqlBatchCommand CancelRemovalCommand(TenantId tenant, Guid operation, Guid by) =>
        ScheduleStore.CancelCommand(RemovalKind, tenant, "operationId", operation.ToString(), $"operation:{by:d}", "The restored database was dropped before.");

    /// <summary>Records that it was announced, and schedules its removal.</summary>
    /// <returns>When it was announced and when it is removed; null when it was announced before.</returns>
    public static async Task<(DateTimeOffset At, DateTimeOffset RemoveAt)?> AnnounceAsync(
        LeasedTransaction transaction, TenantId tenant, Guid operation, TimeSpan keep, CancellationToken cancellationToken)
    {
        if (await transaction.Connection.QuerySingleOrDefaultAsync<(DateTime At, DateTime RemoveAt)?>(new CommandDefinition(
            """
            update restored_databases set announced_at = now(), remove_at = now() + @keep where operation_id = @operation and announced_at is null
            returning announced_at, remove_at
            """,
            new { operation, keep }, transaction.Transaction, cancellationToken: cancellationToken)) is not { } row)
        {
            return null;
        }

        var (at, removeAt) = (new DateTimeOffset(row.At), new DateTimeOffset(row.RemoveAt));
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction);
        foreach (var command in ScheduleStore.AddCommands(ScheduledCommand.FollowUp(RemovalKind, tenant, new RemoveRestored { TenantId = tenant, OperationId = operation }, operation, removeAt, at)))
        {
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        return (at, removeAt);
    }

    /// <summary>Whether the operation's database was announced.</summary>
    public static Task<bool> IsAnnouncedAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from restored_databases where operation_id = @operation and announced_at is not null)",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
}
