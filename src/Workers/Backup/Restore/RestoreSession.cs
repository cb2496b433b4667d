using Dapper;
using Npgsql;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>
/// A session in a restored database, as the owner of what is restored, with room in the server's budget for a program that works there too. It
/// is alone there: what an earlier attempt left running is ended, and a late attempt finds that it has lost its lease. For one user at a time.
/// </summary>
internal sealed class RestoreSession : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly ServerConnections.Reservations reserved;

    private RestoreSession(NpgsqlConnection connection, ServerConnections.Reservations reserved, string owner) => (this.connection, this.reserved, Owner) = (connection, reserved, owner);

    public string Owner { get; }

    /// <exception cref="StepFailureException">The server cannot be reached.</exception>
    /// <exception cref="LeaseLostException">Another attempt took the lease.</exception>
    public static async Task<RestoreSession> OpenAsync(
        StepContext context, DatabaseServers servers, ConnectionBudgets budgets, LeasedTransactions leases, RestoredDatabase restored, CancellationToken cancellationToken)
    {
        var (server, database) = (restored.Server, restored.Database);
        ServerConnections.Reservations? room = null;
        NpgsqlConnection? opened = null;
        try
        {
            room = await budgets.Of(server).ReserveAsync(2, cancellationToken);
            opened = await servers.OpenReservedAsync(server, cancellationToken, database);
            // Not those of administrators and of the server itself, which this login may not end.
            await opened.ExecuteAsync(new CommandDefinition(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and usename = session_user and backend_type = 'client backend' and pid <> pg_backend_pid()
                """,
                cancellationToken: cancellationToken));
            // An attempt that waited for its connection until a newer one had begun ends here.
            await opened.ExecuteAsync(new CommandDefinition(
                "select pg_advisory_lock(hashtextextended(@Tenant, 1))", new { Tenant = context.TenantId.ToString() }, cancellationToken: cancellationToken));
            await using (await leases.BeginAsync(context.Lease, cancellationToken))
            {
            }

            var owner = await RestoredDatabases.OwnerAsync(opened, cancellationToken);
            await opened.ExecuteAsync(new CommandDefinition(
                $"set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set role {Sql.Name(owner)}", cancellationToken: cancellationToken));
            return new(opened, room, owner);
        }
        catch (Exception error)
        {
            if (opened is not null)
                await opened.DisposeAsync();
            if (room is not null)
                await room.DisposeAsync();
            if (error is TimeoutException timeout)
                throw DatabaseFailures.NoConnectionFree(server, timeout);
            // An earlier step of the operation made it, so it does not come by itself.
            if ((error as PostgresException ?? error.InnerException) is PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } gone)
            {
                throw StepFailureException.Permanent(
                    "database-missing", $"Database '{database}' is no longer on server '{server}': {gone.MessageText}.",
                    "Find out who dropped it. Then replay the operation, which restores into a new database.", DatabaseFailures.System(server), gone);
            }

            if (DatabaseFailures.Explains(error))
                throw DatabaseFailures.Translate(server, error);
            throw;
        }
    }

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(sql, commandTimeout: 0, cancellationToken: cancellationToken));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, commandTimeout: 0, cancellationToken: cancellationToken))];

    public Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<T>(new CommandDefinition(sql, commandTimeout: 0, cancellationToken: cancellationToken));

    /// <inheritdoc cref="TableSums.ReadAsync"/>
    public async Task<RowFingerprint> SumAsync(string schema, string table, IReadOnlyList<string> columns, string? condition, CancellationToken cancellationToken) =>
        (await TableSums.ReadAsync(connection, schema, table, columns, condition, cancellationToken)).Rows;

    public Version ServerVersion => connection.PostgreSqlVersion;

    public async Task<NpgsqlTransaction> BeginAsync(CancellationToken cancellationToken) => await connection.BeginTransactionAsync(cancellationToken);

    /// <summary>Writes rows in COPY's text format. They exist when the returned writer was disposed, unless it was cancelled.</summary>
    public async Task<NpgsqlCopyTextWriter> CopyAsync(string schema, CopiedTable table, CancellationToken cancellationToken) =>
        (NpgsqlCopyTextWriter)await connection.BeginTextImportAsync(
            $"copy {Sql.Name(schema)}.{Sql.Name(table.Table)} ({string.Join(", ", table.Columns.Select(Sql.Name))}) from stdin", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await reserved.DisposeAsync();
    }
}
